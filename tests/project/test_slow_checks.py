"""Slow checks: a record is out of date when its code has changed, and the page says what the records say."""

import re
from pathlib import Path

import pytest

from autograder import slow_checks
from autograder.slow_checks import CHECKS, ROOT, SlowCheck


def test_every_check_has_a_target_and_code_that_stands_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(CHECKS) <= targets
    assert [place for check in CHECKS.values() for place in check.code if not (ROOT / place).exists()] == []


def test_the_page_says_what_the_records_say():
    assert slow_checks.PAGE.read_text(encoding="utf-8") == slow_checks.page()


@pytest.fixture
def small(tmp_path, monkeypatch) -> Path:
    for name, value in (("ROOT", tmp_path), ("RECORDS", tmp_path / "r.json"), ("PAGE", tmp_path / "page.md")):
        monkeypatch.setattr(slow_checks, name, value)
    monkeypatch.setattr(slow_checks, "CHECKS", {"seeds": SlowCheck("It holds.", ("code", "one.py"))})
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("a = 1\n")
    (tmp_path / "one.py").write_text("b = 1\n")
    return tmp_path


@pytest.mark.parametrize("changed", ["code/a.py", "code/new.py", "one.py"])
def test_a_record_is_out_of_date_when_its_code_has_changed(small, changed):
    assert slow_checks.out_of_date() == ["make seeds is out of date: it has never passed"]
    slow_checks.record("seeds", "all is well")
    assert slow_checks.out_of_date() == []
    assert "all is well" in (small / "page.md").read_text()
    (small / "beside.py").write_text("c = 1\n")
    assert slow_checks.out_of_date() == []
    (small / changed).write_text("a = 2\n")
    assert "it passed on" in slow_checks.out_of_date()[0]
