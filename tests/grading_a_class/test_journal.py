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
