"""A feedback page begins with what to mend: what costs most first, each sentence once, with a link to its place."""

import re
from html.parser import HTMLParser

import pytest
from marking import record_of
from nbformat.v4 import new_code_cell, new_output

from autograder.classroom import feedback, mending
from autograder.examiner.results import CriterionResult, StoppedCell

BECAUSE = "because the cell `import nowhere` stopped with ModuleNotFoundError: No module named 'nowhere'"
STOP = StoppedCell("added-1", BECAUSE, "The cell `import nowhere` stopped. So `pad` is not defined.")


def row(part, title, points, sentence=None, mistake=None, earned=0.0):
    got = earned if sentence else points
    return CriterionResult(f"{part}-hidden", title, title, points, got, sentence, mistake)


class Page(HTMLParser):
    """Ids, links to places of the page, and what stands within which open elements."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.folded, self._open = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        about = dict(attributes)
        if "id" in about:
            self.ids.append(about["id"])
        if tag == "a" and about["href"].startswith("#"):
            self.links.append(about["href"][1:])
        if tag not in ("meta", "img", "br"):
            self._open.append((tag, "open" in about))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if any(tag == "details" and not is_open for tag, is_open in self._open):
            self.folded += data


def text_of(page):
    blocks = re.sub(r"</(span|li|p|h2|h3|div|summary)>", " ", page[page.index("<body>") :])
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", blocks))


@pytest.fixture
def shown(entry, executed, source, monkeypatch):
    """A function: the page of a result with these criteria."""
    monkeypatch.setenv("COURSE_BOOK_URL", "https://course.test/")

    def make(criteria, nb=None, comments=(), **changes):
        made = entry(criteria=criteria, **changes)
        return feedback.page(made, nb or executed(), source, record_of(made.result, comments=dict(comments)))

    return make


SEVERAL = [
    row("output_size", "sizes", 0.5, "It is rounded up.", "ceil-for-floor"),
    row("output_size", "more sizes", 1.5),
    row("conv2d", "values", 1.0, "The strides are exchanged."),
    row("conv2d", "stride", 2.0, "Wrong with a bias."),
    row("conv2d", "groups", 1.5, "The strides are exchanged."),
    row("conv2d", "gradients", 3.5),
    row("bonus", "pieces", 4.0, "It is not separable."),
]


def test_it_begins_with_what_costs_most_and_tells_each_sentence_once(shown):
    page = shown(SEVERAL)
    first = text_of(page[: page.index("<nav")])
    said = [
        "2.5 points The strides",
        "2 points Wrong with a bias",
        "0.5 points It is rounded up",
        "In the bonus 4 points",
    ]
    places = [first.index(one) for one in said]
    assert places == sorted(places) and first.index("What to mend") < places[0]
    assert first.count("The strides are exchanged.") == 1
    assert text_of(page).count("The strides are exchanged.") == 2  # and once in its part
    assert (
        "https://course.test/book/01-convolution.html#mistake-01-convolution-ceil-for-floor"
        in page[: page.index("<nav")]
    )


def test_each_link_leads_somewhere_on_the_page_and_each_place_is_there_once(shown, executed):
    nb = executed()
    nb.cells.insert(2, new_code_cell("import nowhere", id="added-1"))
    pages = [
        shown(SEVERAL),
        shown([row("conv2d", "values", 8.0, f"`conv2d` is not defined, {BECAUSE}.")], nb, stopped=[STOP]),
    ]
    for page in map(Page, pages):
        assert page.links and set(page.links) <= set(page.ids)
        assert len(page.ids) == len(set(page.ids))


def test_what_is_right_is_folded_and_what_is_wrong_is_not(shown, executed):
    nb = executed(code="def conv2d(x):\n    return 'wrong'")
    cells = {cell.id: cell for cell in nb.cells}
    cells["output_size"].source = "def output_size(x):\n    return 'right'"
    folded = Page(shown([row("output_size", "sizes", 2.0), row("conv2d", "values", 8.0, "Wrong.")], nb)).folded
    assert "'right'" in folded and "sizes" in folded
    assert "'wrong'" not in folded and "Wrong." not in folded and "values" not in folded


def test_a_part_that_was_not_begun_is_one_word_and_a_persons_is_named_as_such(shown, executed):
    unwritten = [row("conv2d", str(n), 4.0, f"`conv2d` is not written yet: case {n}.") for n in range(2)]
    page = shown(
        [row("output_size", "sizes", 2.0), *unwritten, row("bonus", "b", 4.0, "Not written.")],
        untouched=["conv2d", "bonus", "discussion"],
        points=(2.0, 0.0, 0.0),
    )
    first = text_of(page[: page.index("<nav")])
    assert "Not begun: conv2d (8 points), discussion (4 points, marked by a person)." in first
    assert "not written" not in first and "In the bonus" not in first and "Discussion:" not in first


def test_where_all_is_right_it_says_so(shown):
    page = shown([row("output_size", "sizes", 2.0), row("conv2d", "values", 8.0)])
    first = text_of(page[: page.index("<nav")])
    assert "Everything that was examined is right." in first and "What to mend" not in first
    assert "not marked yet" in first


def test_where_a_person_took_points_off_it_does_not_say_so(entry, source):
    made = entry(criteria=[row("output_size", "sizes", 2.0), row("conv2d", "values", 8.0)], points=(2.0, 8.0, 0.0))
    page = feedback.page(made, None, source, record_of(made.result, given={"conv2d-hidden": 6.0}))
    assert "All is right" not in page and "Your instructor took points off" in page


def test_a_cell_that_stopped_is_told_once_with_all_that_it_cost(shown, executed):
    nb = executed()
    error = new_output("error", ename="ModuleNotFoundError", evalue="", traceback=["its traceback"])
    nb.cells.insert(2, new_code_cell("import nowhere", id="added-1", outputs=[error]))
    criteria = [
        row("output_size", "sizes", 2.0),
        *(
            row("conv2d", str(n), 1.0, f"`conv2d` on case {n} needs `pad`, but it is not defined, {BECAUSE}.")
            for n in range(8)
        ),
        row("bonus", "b", 4.0, f"`bonus` is not defined, {BECAUSE}."),
    ]
    page = shown(criteria, nb, stopped=[STOP], points=(2.0, 0.0, 0.0))
    first = text_of(page[: page.index("<nav")])
    assert "8 points The cell import nowhere stopped. So pad is not defined. See the cell" in first
    assert "needs" not in first and text_of(page).count("needs pad") == 1
    assert "its traceback" not in Page(page).folded  # it stands in a part that is right


def test_of_cells_of_which_one_stopped_the_next_the_first_is_the_reason(entry):
    chain = f"`f` is not defined, because the cell `f` stopped with NameError. `pad` is not defined, {BECAUSE}."
    stopped = [STOP, StoppedCell("f", "because the cell `f` stopped with NameError", "The cell `f` stopped.")]
    made = entry(criteria=[row("conv2d", "a", 1.0, chain)], stopped=stopped).result
    (groups,) = mending.groups_of(made).values()
    (item,) = mending.items_of(groups, stopped)
    assert item.stopped is STOP


def test_errors_at_one_line_are_one_thing_to_mend(entry):
    at = "(at `y = x @ w`, line 3 of the cell with `f`)"
    criteria = [
        row("conv2d", "a", 1.0, f"`f` raised ValueError: 3 and 4 {at}."),
        row("conv2d", "b", 2.0, f"`f` raised ValueError on a pair: 5 and 6 {at}."),
        row("conv2d", "c", 1.0, "`f` raised ValueError (at `z = 1`, line 4 of the cell with `f`)."),
        row("bonus", "d", 1.0, f"`f` raised ValueError: 3 and 4 {at}."),
    ]
    groups = mending.groups_of(entry(criteria=criteria).result)
    assert [(group.lost, len(group.rows)) for group in groups["conv2d-hidden"]] == [(3.0, 2), (1.0, 1)]
    assert len(groups["bonus-hidden"]) == 1


def test_a_page_without_a_notebook_tells_what_is_wrong_and_links_nowhere(entry, source):
    page = feedback.page(entry(criteria=SEVERAL), None, source, record_of(entry().result))
    assert "The strides are exchanged." in page and Page(page).links == []
