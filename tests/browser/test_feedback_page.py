"""The feedback page on a wide and on a narrow screen: nothing scrolls sideways, the first screen says what to mend."""

import pytest
from marking import record_of
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from visiting import AXE, check_with_axe

from autograder.classroom import feedback
from autograder.classroom.folder import ClassFolder
from autograder.classroom.journal import Entry
from autograder.classroom.marks import Person
from autograder.classroom.report import write_report
from autograder.classroom.standings import Line
from autograder.examiner.results import CriterionResult, StoppedCell, SubmissionResult

pytestmark = pytest.mark.browser
NAME = "01-convolution"
DEAREST = "`conv2d` is not defined, because the cell `conv2d` stopped with SyntaxError: " + "'(' was never closed " * 6
SCREENS = [(1280, 800), (390, 844)]


def about(grade_id, **values):
    kinds = dict(grade=False, solution=False, task=False, locked=False, schema_version=3) | values
    return {"nbgrader": dict(grade_id=grade_id) | kinds}


def notebook():
    """Three parts and a discussion, with code, words and outputs that are wider than a telephone."""
    wide = [
        new_output("stream", name="stdout", text="a line that does not end " * 20),
        new_output("display_data", data={"text/html": f"<table><tr>{'<td>a wide cell</td>' * 30}</tr></table>"}),
        new_output("error", ename="SyntaxError", evalue="", traceback=["x" * 300]),
    ]
    cells = [new_markdown_cell("# A title of some length, as they have", metadata=about("intro"))]
    for part in ("output_size", "conv2d", "fit"):
        cells += [
            new_markdown_cell(f"## The part {part}", metadata=about(f"{part}-text")),
            new_code_cell(f"def {part}():\n    {'x' * 200}", metadata=about(part, solution=True), outputs=wide),
            new_code_cell("", metadata=about(f"{part}-hidden", grade=True, points=8.0)),
        ]
    cells.append(new_markdown_cell("word" * 90, metadata=about("discussion", grade=True, solution=True, points=4.0)))
    for cell in cells:
        cell.id = cell.metadata.nbgrader.grade_id
    return new_notebook(cells=cells, metadata={"autograder": {"job": "j"}})


def result():
    rows = [CriterionResult("output_size-hidden", "sizes", "how many windows", 8.0, 8.0)]
    rows += [CriterionResult("conv2d-hidden", f"c{n}", f"criterion {n}", 1.0, 0.0, f"{DEAREST}.") for n in range(8)]
    rows += [CriterionResult("fit-hidden", f"f{n}", "a", 1.0, 0.0, f"{'long_name' * 20} {n}.", "x-y") for n in range(8)]
    cells = {f"{part}-hidden": {"points": 0.0, "max_points": 8.0} for part in ("output_size", "conv2d", "fit")}
    stop = StoppedCell("conv2d", DEAREST[DEAREST.index("because") :], f"The cell `conv2d` stopped. {DEAREST}")
    return SubmissionResult(
        "a.student.with.a.long.name", NAME, "timeout", 8.0, 24.0, criteria=rows, cells=cells, stopped=[stop], job="j",
        limit="The cell `conv2d` took longer than 20 seconds of processor time.", repaired=["It was repaired."] * 5,
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("feedback") / "page.html"
    record = record_of(result(), discussion=3.0, comments={"discussion": "Good " * 40}, late_seconds=90_000)
    nb = notebook()
    path.write_text(feedback.page(Entry(result(), True, True, "2026-10-12 09:00:00.0 UTC"), nb, nb, record))
    return path.as_uri()


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_first_screen_says_what_costs_most_and_nothing_scrolls_sideways(browser, address, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    first = page.locator("#what-to-mend li").first
    assert first.inner_text().startswith("8 points") and "stopped" in first.inner_text()
    box = first.bounding_box()
    assert box["y"] + box["height"] <= height and box["width"] > 0.9 * min(width, 900)
    for link in page.locator("a[href^='#']").all():
        link.click()
        target = page.locator(f"[id='{link.get_attribute('href')[1:]}']")
        assert target.count() == 1 and target.is_visible()
    page.close()


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """The pages of a student and of the class, after people have changed all that they can."""
    folder = ClassFolder(tmp_path_factory.mktemp("class"))
    given, extra = {"fit-hidden": 6.5, "conv2d-hidden": 8.0}, {"output_size-hidden": 0.5}
    comments = {"conv2d": r"See $\sigma^2=\frac{1}{n}\sum_i x_i^2 + " + "+".join("abcdefgh" * 9) + "$ and `code`."}
    person = Person("A First Name", "And-a-Last-Name-of-Some-Length")
    about = dict(comments=comments, late_seconds=90_000, extended=True, deducted=3.25, person=person)
    record = record_of(result(), discussion=3.0, given=given, extra=extra, **about)
    entry, nb = Entry(result(), True, True), notebook()
    write_report(folder, [Line(entry.result.student, NAME, entry, record, True)])
    (folder.root / "page.html").write_text(feedback.page(entry, nb, nb, record))
    return {"student": (folder.root / "page.html").as_uri(), "class": (folder.root / "class.html").as_uri()}


def test_on_a_phone_the_class_page_keeps_words_whole_and_its_histogram_can_be_read(browser, changed):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(changed["class"])
    letters = page.locator(".hist text").first.evaluate(
        "text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a"
    )
    assert letters >= 9, f"letters of {letters} px"
    assert page.locator("td.bar:visible").count() == 0
    table = page.locator("table", has_text="criterion")
    narrow = table.locator("tbody td").evaluate_all("cells => cells.filter(c => c.scrollWidth > c.clientWidth).length")
    assert table.locator("tbody tr").count() and narrow == 0
    page.close()


@pytest.mark.parametrize("which", ["student", "class"])
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_what_people_changed_scrolls_nothing_sideways_and_can_be_read_by_all(browser, changed, which, width, height):
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark")
    page.goto(changed[which])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE)
    found = check_with_axe(page, "dark", None)
    assert not found, "\n".join(found)
    page.close()


def test_a_formula_has_the_colour_of_the_words_around_it(browser, changed):
    page = browser.new_page(color_scheme="dark")
    page.goto(changed["student"])
    shown = "e => getComputedStyle(e)"
    formula = page.locator(".comment svg path").first
    assert formula.evaluate(f"{shown}.fill") == page.locator(".comment p").last.evaluate(f"{shown}.color")
    assert formula.bounding_box()["height"] > 5
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_all(browser, address, scheme):
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(AXE)
    found = check_with_axe(page, scheme, None)
    assert not found, "\n".join(found)
    page.close()


def test_print_unfolds_what_is_folded(browser, address):
    page = browser.new_page()
    page.goto(address)
    folded = page.locator("#output_size details li")
    assert folded.count() == 1 and not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.evaluate("e => e.checkVisibility() && e.getBoundingClientRect().height > 0")
    page.close()
