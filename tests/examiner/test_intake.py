"""Bytes from a stranger: what is no notebook is refused with a reason, before it costs anything."""

import contextlib
import json
import os
import time

import pytest
from growing import SUPERLINEAR, growth

from autograder.examiner.intake import read_submission
from autograder.wire.limits import LIMITS, MIB, Limits
from convcourse.submission.intake import BRACKETS, VALUES, Unreadable, parse


def test_a_file_is_read_whole(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\x00anything")
    assert read_submission(path) == b"\x00anything"


def test_a_file_that_the_instructor_may_not_read_is_no_fault_of_the_students(tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError):
        read_submission(tmp_path / "a.ipynb")


def make_link(path):
    path.symlink_to("/etc/hostname")


def make_large(path):
    with path.open("wb") as file:
        file.truncate(LIMITS.notebook_mib * MIB + 1)


@pytest.mark.parametrize(
    "make, why",
    [
        (make_link, "link"),
        (os.mkfifo, "no file"),
        (os.mkdir, "no file"),
        (make_large, "larger than"),
        (lambda path: None, "No such file"),
    ],
)
def test_what_is_no_file_is_refused_at_once(tmp_path, make, why):
    path = tmp_path / "a.ipynb"
    make(path)
    start = time.monotonic()
    with pytest.raises(Unreadable, match=why):
        read_submission(path)
    assert time.monotonic() - start < 1


def deep(levels):
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    "data, why",
    [
        (b"", "not JSON"),
        (b"{ not json", "not JSON"),
        (b"\xff\xfe\x00\x01", "not JSON"),
        (b'{"cells": [1e', "not JSON"),
        (b"[" + b"9" * 5000 + b"]", "not JSON"),
        (b"null", "no list of cells"),
        (b'"cells"', "no list of cells"),
        (b"[]", "no list of cells"),
        (b'{"cells": {"0": 1}}', "no list of cells"),
        (b'{"worksheets": []}', "no list of cells"),
        (deep(LIMITS.nesting + 1), "deeper"),
        (deep(5_000_000), "deeper"),
        (b"[" * 5_000_000, "deeper"),
        (b"[" + b"[]," * BRACKETS + b"[]]", "more lists"),
        (b"[" + b"1," * VALUES + b"1]", "more lists"),
        (b'{"cells": ["' + b'\\"' * 2_000_000, "not JSON"),
        (b'{"cells": [' + b"{}," * 20_000 + b"{}]}", "20,001 cells"),
    ],
)
def test_what_is_no_notebook_is_refused_with_a_reason(data, why):
    start = time.process_time()
    with pytest.raises(Unreadable, match=why):
        parse(data, LIMITS)
    assert time.process_time() - start < 3


def test_brackets_within_text_are_text():
    nb = {"cells": [{"cell_type": "code", "source": '"[' + "[" * 500 + '\\"', "metadata": {}}]}
    (cell,) = parse(json.dumps(nb).encode(), LIMITS).cells
    assert cell.source == nb["cells"][0]["source"]


def test_cells_are_plain_values_whatever_the_file_holds():
    good = {"cell_type": "code", "source": ["a = 1\r\n", "b = '\ud800'"], "id": 7, "metadata": [], "outputs": "lies"}
    others = [None, 3, [], {}, {"cell_type": "code", "source": {"a": 1}}, {"cell_type": "heading", "source": ""}]
    others += [{"cell_type": "code", "source": ["a", 1]}, {"cell_type": ["code"], "source": ""}]
    found = parse(json.dumps({"cells": [good, *others], "metadata": {"kernelspec": [1]}}).encode(), LIMITS)
    assert [cell.source for cell in found.cells] == ["a = 1\nb = '?'"]
    assert (found.cells[0].id, found.cells[0].grade_id, found.broken, found.language) == (None, None, len(others), "")


def test_pasted_pictures_are_pictures():
    attachments = {
        "a.png": {"image/png": "iVBORw0KGgo=\n"},
        "b.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
        "c.png": {"image/png": '"><script>', "image/jpeg": ["AAAA"]},
        '"><script>': {"image/png": "AAAA"},
    }
    nb = {"cells": [{"cell_type": "markdown", "source": "", "metadata": {}, "attachments": attachments}]}
    (cell,) = parse(json.dumps(nb).encode(), LIMITS).cells
    assert cell.attachments == {"a.png": {"image/png": "iVBORw0KGgo="}}


def test_an_assignment_may_have_a_smaller_limit():
    with pytest.raises(Unreadable, match="1 MiB"):
        parse(b" " * (MIB + 1), Limits(notebook_mib=1))


def cell(source, kind="code"):
    return {"cell_type": kind, "source": source, "metadata": {}}


def test_outputs_are_not_read():
    large = cell("x = 1") | {"outputs": [{"output_type": "stream", "text": ["x" * 100] * 130_000}]}
    submitted = json.dumps({"cells": [large]}).encode()
    assert len(submitted) > 12 * MIB and parse(submitted, LIMITS).cells[0].source == "x = 1"


def test_a_cell_and_all_cells_are_bounded():
    cells = [cell("#" * 1000), cell("#" * 3000, "markdown"), cell("é" * 600), *[cell("#" * 1000)] * 4]
    found = parse(json.dumps({"cells": cells}).encode(), Limits(cell_kib=2, cells_kib=4)).cells
    assert [cell.long for cell in found] == [False, True, False, False, True, True, True]
    assert all(not cell.source for cell in found if cell.long)


def test_blanks_that_nobody_writes_are_fewer():
    source = "def f():\n" + " \n" * 20_000 + "    return 1" + " " * 5000 + "# one"
    assert parse(json.dumps({"cells": [cell(source)]}).encode(), LIMITS).cells[0].source == (
        "def f():\n\n    return 1 # one"
    )


def test_blanks_count_before_they_are_shortened():
    cells = [cell("x" + " " * 3000), cell("x" + " " * 1000)]
    long, short = parse(json.dumps({"cells": cells}).encode(), Limits(cell_kib=2)).cells
    assert long.long and not short.long and short.source == "x "


def test_a_picture_pasted_into_the_text_is_kept_beside_it():
    text = "See ![it](data:image/png;base64,iVBORw0KGgo=) and ![no](data:image/svg+xml;base64,AAAA)"
    (found,) = parse(json.dumps({"cells": [cell(text, "markdown")]}).encode(), LIMITS).cells
    assert found.source.startswith("See ![it](attachment:in-the-text-1) and ![no](data:image/svg")
    assert found.attachments == {"in-the-text-1": {"image/png": "iVBORw0KGgo="}}


FILES = {
    "a text that never ends": lambda n: b'{"cells": ["' + b'\\"' * n,
    "blanks": lambda n: json.dumps({"cells": [cell(" \n" * n)]}).encode(),
    "a long run of blanks": lambda n: json.dumps({"cells": [cell("x" + " " * 4 * n + "x")]}).encode(),
    "pictures without an end": lambda n: json.dumps(
        {"cells": [cell("(data:image/png;base64," * n, "markdown")]}
    ).encode(),
    "lines": lambda n: json.dumps({"cells": [cell(["x\n"] * n)]}).encode(),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_is_read_in_time_that_grows_with_its_length(what):
    def work(n):
        with contextlib.suppress(Unreadable):
            parse(FILES[what](n), LIMITS)

    assert growth(work, 4000) < SUPERLINEAR
