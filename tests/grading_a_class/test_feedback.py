"""The page that a student gets: everything on it, nothing that acts, nothing from elsewhere."""

import re
import time
from html.parser import HTMLParser

import pytest
from marking import record_of
from nbformat.v4 import new_code_cell, new_output

from autograder.classroom import feedback, parts
from autograder.examiner import sanitise
from autograder.examiner.fragments import add_fragments

NAME = "01-convolution"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def waits(entry):
    """What the gradebook says of `entry()`, whose discussion waits for its mark."""
    return record_of(entry().result)


@pytest.fixture(autouse=True)
def book(monkeypatch):
    monkeypatch.setenv("COURSE_BOOK_URL", "https://course.test/")


class Found(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += "" if self.tags and self.tags[-1][0] == "style" else data

    def handle_endtag(self, tag):
        self.text += " " if tag in ("td", "th", "tr", "p", "li", "summary", "h2") else ""


def test_score_parts_criteria_and_where_to_read(entry, executed, source, waits):
    page = feedback.page(entry(), executed(), source, waits)
    found = Found(page)
    text = re.sub(r"\s+", " ", found.text)
    assert "8 of 10 points" in text
    assert "Bonus: 4 of 4, counted apart." in text
    assert "Discussion: not marked yet. A person reads it and gives up to 4 points." in text
    assert "✓ 1 criterion is met, with 4 points 4 / 4" in text and "4 / 4 values of conv2d" in text
    assert "✗ not met: The kernel is flipped. Read: The kernel is flipped 2 / 4 edges of conv2d" in text
    links = [a["href"] for tag, a in found.tags if tag == "a" and not a["href"].startswith("#")]
    assert set(links) == {f"https://course.test/book/{NAME}.html#mistake-{NAME}-flipped-kernel"}
    assert "return x.flip(-1)" in text and "Because." in text


def test_a_persons_marks_and_comments(entry, executed, source):
    record = record_of(entry().result, discussion=3.5, comments={"conv2d": "Neat & short."}, late_seconds=90_000)
    text = re.sub(r"\s+", " ", Found(feedback.page(entry(), executed(), source, record)).text)
    assert "11.5 of 14 points" in text
    assert "Discussion, marked by a person 3.5 of 4" in text and "total 11.5 of 14" in text
    assert "Comment" in text and "Neat & short." in text
    assert "Handed in 1 day 1 hour after the deadline." in text


@pytest.mark.parametrize("status", [s for s in feedback.STATUS if s != "graded"])
def test_each_status_is_told_in_plain_words(entry, executed, source, status, waits):
    nothing = status in ("unreadable", "missing")
    made = entry(status=status, limit="`conv2d` ran for more than 10 seconds.", notebook=not nothing)
    page = feedback.page(made, None if nothing else executed(), source, waits)
    assert feedback.STATUS[status] in Found(page).text
    assert "<code>conv2d</code> ran for more than 10 seconds." in page


def test_what_was_mended_is_told(entry, executed, source, waits):
    page = feedback.page(entry(repaired=["The cell `conv2d` had lost its label."]), executed(), source, waits)
    assert "The cell <code>conv2d</code> had lost its label." in page and "cost no points" in page


HOSTILE = [
    new_output("stream", name="stdout", text=f"{SCRIPT}\x1b[31mred\x1b[0m"),
    new_output("error", ename="E", evalue=SCRIPT, traceback=[SCRIPT]),
    new_output("error", ename=SCRIPT, evalue="", traceback=[]),
    new_output(
        "display_data",
        data={
            "text/html": f'{SCRIPT}<img src="https://evil.test/x" onerror="alert(1)"><style>*{{}}</style>'
            '<a href="javascript:alert(1)">x</a>'
        },
    ),
    new_output(
        "display_data",
        data={
            "text/html": '<iframe src="https://evil.test"></iframe><svg onload=alert(1)><script>x</script></svg><form action="https://evil.test"><input></form>'
        },
    ),
    new_output("display_data", data={"image/png": f'AAAA" onerror="alert(1)"{SCRIPT}'}),
    new_output(
        "display_data",
        data={"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>{SCRIPT}</svg>"},
    ),
    new_output("display_data", data={"text/plain": SCRIPT, "application/javascript": "alert(1)"}),
    new_output("execute_result", data={"text/markdown": SCRIPT}),
]


@pytest.mark.parametrize("by", ["the examiner", "anyone"])
def test_nothing_that_a_student_wrote_acts_or_asks_another_host(entry, executed, source, by):
    nb = executed(
        code=f"# {SCRIPT}\nx = '</pre></style></script>'",
        answer=f'{SCRIPT}<img src="https://evil.test/y.png">',
        outputs=HOSTILE,
    )
    added = new_code_cell(f"# {SCRIPT}", outputs=HOSTILE)
    nb.cells.insert(4, added)
    if by == "the examiner":
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = sanitise.clean_outputs(cell.outputs)
        add_fragments(nb, {cell.id for cell in source.cells}, "j1")
    else:
        nb.metadata["autograder"] = {"job": "forged"}
        added.metadata["autograder"] = {"code": SCRIPT}
    made = entry(student=f'a"><b>{SCRIPT}', limit=SCRIPT, repaired=[SCRIPT])
    record = record_of(made.result, discussion=1.0, comments={"conv2d": SCRIPT})
    page = feedback.page(made, nb, source, record)
    found = Found(page)
    allowed = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "p",
        "strong",
        "h1",
        "small",
        "div",
        "i",
        "nav",
        "ol",
        "li",
        "a",
        "span",
        "section",
        "h2",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "details",
        "summary",
        "img",
        "footer",
        "ul",
        "h3",
        "main",
    ]
    assert {tag for tag, _ in found.tags} <= set(allowed) | {"br", "caption"}
    for tag, attributes in found.tags:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        for name in ("src", "href", "action", "srcset", "data", "background"):
            if name in attributes:
                assert attributes[name].startswith(("data:image/", "#", "https://course.test/")), (tag, attributes)
    assert "default-src 'none'" in page
    assert "red" in found.text and "\x1b" not in page
    assert page.count("<style>") == 1 and "url(" not in page and "@import" not in page


def test_cells_that_a_student_added_are_shown_and_ours_are_not(entry, executed, source, waits):
    nb = executed()
    nb.cells.insert(4, new_code_cell("my_own = 'idea'"))
    nb.cells.insert(5, new_code_cell("as_it_was = 'given'", id="earlier-1"))
    page = feedback.page(entry(), nb, source, waits)
    text = re.sub(r"\s+", " ", Found(page).text)
    assert "A cell you added: my_own" in text
    assert "From an earlier version of the assignment: as_it_was" in text
    assert "HIDDEN" not in page and "exam." not in page and "import torch" not in text


def test_long_output_is_cut(entry, executed, source, waits):
    page = feedback.page(
        entry(), executed(outputs=[new_output("stream", name="stdout", text="x" * 10**6)]), source, waits
    )
    assert len(page) < 50_000 and "more characters" in page


def test_without_the_books_address_a_mistake_is_named_and_not_linked(entry, executed, source, waits, monkeypatch):
    linked = feedback.page(entry(), executed(), source, waits)
    monkeypatch.setattr(feedback, "book_url", lambda: "")
    page = feedback.page(entry(), executed(), source, waits)
    assert "Read: The kernel is flipped" in linked and "Read:" not in page and "https://" not in page
    assert "The kernel is flipped." in page


def test_a_page_is_made_anew_when_and_only_when_something_changed(
    tmp_path, entry, executed, source, monkeypatch, waits
):
    path = tmp_path / "page.html"
    assert not feedback.is_current(path, entry(), waits)
    feedback.write_page(path, entry(), executed(), source, waits)
    assert feedback.is_current(path, entry(), waits)
    assert not feedback.is_current(path, entry(job="j2"), waits)
    assert not feedback.is_current(path, entry(), record_of(entry().result, discussion=1.0))
    monkeypatch.setenv("COURSE_BOOK_URL", "https://elsewhere.test")
    assert not feedback.is_current(path, entry(), waits)


def test_code_has_its_colours_where_the_examiner_gave_them(entry, executed, source, waits):
    nb = executed()
    add_fragments(nb, {cell.id for cell in source.cells}, "j1")
    assert '<span class="k">def</span>' in feedback.page(entry(), nb, source, waits)
    other = feedback.page(entry(job="j2"), nb, source, waits)  # a notebook that is not this job's
    assert '<span class="k">' not in other and "def conv2d(x):\n    return x.flip(-1)" in other


def test_a_page_is_bounded_and_says_so(entry, executed, source, waits, monkeypatch):
    monkeypatch.setattr(parts, "LONGEST_PAGE", 50_000)
    outputs = [new_output("display_data", data={"image/png": "A" * 30_000})] * 5
    nb = executed(code="x = '&'\n" * 40_000, outputs=outputs)
    page = feedback.page(entry(), nb, source, waits)
    assert len(page) < 100_000 and page.count("this page would be too large") == 5
    assert page.count("<img") == 1


def test_a_notebook_without_colours_takes_linear_time(entry, executed, source, waits):
    """What once was quadratic in the colouring, and in the search for commands to a terminal."""

    def seconds(size):
        nb = executed(
            code="x = 1" + " \n" * size + "x",
            answer="#" * size,
            outputs=[
                new_output("stream", name="stdout", text="\x1b[" * size),
                new_output("stream", name="stdout", text="\x1b[" + "1" * size),
                new_output("display_data", data={"image/png": "A=" * size}),
            ],
        )
        best = float("inf")
        for _ in range(5):
            start = time.process_time()
            feedback.page(entry(), nb, source, waits)
            best = min(best, time.process_time() - start)
        return best

    seconds(10)
    small, large = seconds(20_000), seconds(320_000)
    assert large < 16 * 4 * max(small, 0.005)


def test_a_page_takes_under_a_twentieth_of_a_second(entry, executed, source, waits):
    nb = executed(code="def conv2d(x):\n" + "    y = [i ** 2 for i in range(10)]  # a comment\n" * 100)
    feedback.page(entry(), nb, source, waits)
    start = time.process_time()
    for _ in range(5):
        feedback.page(entry(), nb, source, waits)
    assert (time.process_time() - start) / 5 < 0.05


def test_an_exams_table_has_room_between_its_columns_in_formgrader(executed):
    nb = executed()
    cell = next(cell for cell in nb.cells if cell.id == "conv2d-hidden")
    table = "<table><tr><th>points</th></tr><tr><td>&lt;td&gt;</td></tr></table>"
    cell.source = "# Hidden\n### BEGIN HIDDEN TESTS\nexam.conv2d.grade(conv2d)\n### END HIDDEN TESTS"
    cell.outputs.append(new_output("display_data", data={"text/html": table}))
    other = next(cell for cell in nb.cells if cell.id == "conv2d")
    other.outputs.append(new_output("display_data", data={"text/html": table}))
    add_fragments(nb, {cell.id for cell in nb.cells}, "j1")
    assert cell.outputs[-1].data["text/html"].count("padding") == 2
    assert other.outputs[-1].data["text/html"] == table
