"""The journal keeps what was written, whatever happened after."""

import json

import pytest

from autograder.classroom.journal import Busy, Entry, Journal, read


def test_what_was_appended_is_there_after_reopening_and_the_last_line_counts(tmp_path, entry):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(entry("ada", job="first"))
    journal.append(entry("ben"))
    journal.append(entry("ada", (1.0, 0.0, 0.0), job="second"))
    journal.close()
    latest = read(tmp_path / "journal.jsonl")
    assert {key[0]: e.result.job for key, e in latest.items()} == {"ada": "second", "ben": "j1"}
    assert latest["ada", "01-convolution"] == entry("ada", (1.0, 0.0, 0.0), job="second")


def test_a_line_torn_anywhere_costs_that_line_only(tmp_path, entry):
    path = tmp_path / "journal.jsonl"
    whole = (entry("ada").to_line() + entry("ben").to_line()).encode()
    last = entry("chiara").to_line().encode()
    for cut in range(0, len(last), 7):
        path.write_bytes(whole + last[:cut])
        assert {student for student, _ in read(path)} == {"ada", "ben"}
        journal = Journal(path)
        journal.append(entry("dmitri"))
        journal.close()
        assert {student for student, _ in read(path)} == {"ada", "ben", "dmitri"}
        assert all(json.loads(line) for line in path.read_text().splitlines())


def test_two_runs_in_one_class_are_refused(tmp_path):
    first = Journal(tmp_path / "journal.jsonl")
    with pytest.raises(Busy, match="Another"):
        Journal(tmp_path / "journal.jsonl")
    first.close()
    Journal(tmp_path / "journal.jsonl").close()


def test_a_line_that_another_version_wrote_counts_as_nothing(tmp_path, entry):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"result": {"student": "old"}, "known": true}\nnonsense\n[1, 2]\n' + entry("ada").to_line())
    assert {student for student, _ in read(path)} == {"ada"}


def test_odd_text_comes_back_as_it_was(entry):
    odd = entry("zoë", limit='line\u2028separator " \n \x00 end')
    assert "\n" not in odd.to_line()[:-1]
    assert Entry.from_line(odd.to_line()) == odd


DAMAGES = {
    "values of other types": lambda line: {**line, "result": {**line["result"], "criteria": {}, "student": ["a"]}},
    "a criterion that is none": lambda line: {**line, "result": {**line["result"], "criteria": [1]}},
    "points that are a text": lambda line: {
        **line,
        "result": {**line["result"], "criteria": [{**line["result"]["criteria"][0], "points": "1"}]},
    },
    "a score that is a text": lambda line: {**line, "result": {**line["result"], "score": "8"}},
    "cells without points": lambda line: {**line, "result": {**line["result"], "cells": {"conv2d-hidden": {}}}},
    "untouched is a number": lambda line: {**line, "result": {**line["result"], "untouched": 3}},
    "a change without points": lambda line: {**line, "change": {"why": "a new submission"}},
    "a change of one point": lambda line: {
        **line,
        "change": {"why": "", "before": 1, "after": 2, "cells": {"conv2d-hidden": [1]}},
    },
    "handed back in words": lambda line: {**line, "handed_back": "yes"},
    "a time that is a number": lambda line: {**line, "timestamp": 3},
    "a list": lambda line: [line],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_line_counts_as_nothing_and_harms_no_other(tmp_path, entry, damage):
    path = tmp_path / "journal.jsonl"
    damaged = json.dumps(DAMAGES[damage](json.loads(entry("ben").to_line())))
    path.write_text(entry("ada").to_line() + damaged + "\n" + entry("cem").to_line())
    assert {student for student, _ in read(path)} == {"ada", "cem"}


@pytest.mark.parametrize("bytes_", [b"\xff\xfe", b"[" * 100_000, b"NaN", b'{"result": {"score": 1e999}}', b"\x00"])
def test_bytes_that_are_no_line_count_as_nothing(tmp_path, entry, bytes_):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(entry("ada").to_line().encode() + bytes_ + b"\n" + entry("cem").to_line().encode())
    assert {student for student, _ in read(path)} == {"ada", "cem"}


def test_a_line_that_the_disk_has_no_room_for_is_cut_off(tmp_path, entry, monkeypatch):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(entry("ada"))
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            journal.append(entry("ben"))
    journal.append(entry("cem"))
    assert {student for student, _ in journal.latest} == {"ada", "cem"}
    journal.close()
    assert {student for student, _ in read(tmp_path / "journal.jsonl")} == {"ada", "cem"}
