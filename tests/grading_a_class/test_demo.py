"""The demo ends with what to open."""

import pytest

from autograder.classroom import report, telling
from autograder.classroom.marks import Person
from autograder.classroom.summary import Summary
from autograder.demo import __main__ as demo


@pytest.fixture
def spoken(monkeypatch, tmp_path):
    """What the demo says, in order, where its class was graded already: most have left out an assignment."""
    absent = {name: {f"student-{n}": Person() for n in range(24)} for name in demo.ASSIGNMENTS}
    said = []
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    monkeypatch.setattr(demo, "DEMO", tmp_path / "_build" / "demo")
    for name in ("confinement", "make_class", "default_jobs"):
        monkeypatch.setattr(demo, name, lambda **_: True)
    monkeypatch.setattr(demo, "source_of", lambda name: demo.RELEASED / name / f"{name}.ipynb")
    monkeypatch.setattr(demo, "table", lambda name, lines: name)
    monkeypatch.setattr(demo, "show", said.append)
    monkeypatch.setattr(report, "write_report", lambda *_: None)
    summary = Summary(not_handed_in=absent, failures={("ada", "01-convolution"): "No result."})
    monkeypatch.setattr(demo.Run, "__init__", lambda *_: None)
    monkeypatch.setattr(demo.Run, "grade", lambda *_, **__: summary)
    for module in (demo, telling):
        monkeypatch.setattr(module, "say", lambda text, *_, **__: said.extend(text.strip("\n").split("\n")))
    return said


def test_three_pages_come_last_and_one_short_line_tells_of_who_did_not_hand_in(spoken):
    assert demo.main() == 1, "one has no result"
    *before, head, book, class_page, page = spoken
    assert head.startswith("Open these three") and [line.split()[0].split("/")[-1] for line in (book, class_page)] == [
        "index.html",
        "class.html",
    ]
    assert page.split()[0].endswith(".html") and "/feedback/" in page
    absent = [line for line in before if "handed in" in line]
    assert len(absent) == 1 and len(absent[0]) <= 80 and "student-0" not in absent[0]
    assert before[: len(demo.ASSIGNMENTS)] == demo.ASSIGNMENTS and any("No result." in line for line in before)
