"""Bytes from a stranger: what is no notebook is refused with a reason, before it costs anything."""

import json
import os
import time

import pytest

from autograder.examiner.intake import BRACKETS, Unreadable, parse, read_submission
from autograder.wire.limits import LIMITS, MIB, Limits


def test_a_file_is_read_whole(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\x00anything")
    assert read_submission(path) == b"\x00anything"


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
