"""The rendered book: whole, offline, readable. Whatever a browser must run for is in tests/browser."""

import ast
import copy
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jupytext
import pytest
import torch
import yaml
from bs4 import BeautifulSoup
from drawing import some_of
from earning import earns_more_than

from autograder.classroom.book_links import mistake_title
from autograder.exam.assignment import assignment
from autograder.objects.assignments import ASSIGNMENTS

ROOT = Path(__file__).resolve().parents[2]
SCREEN = 32  # lines of a code cell that fit on one
WIDTH = 86  # characters of a line of code that fit beside the outline of a page


def toc_files(node) -> list[str]:
    """The pages named in _toc.yml, in order."""
    if isinstance(node, list):
        return [name for item in node for name in toc_files(item)]
    own = [node[key] for key in ("root", "file") if key in node]
    return own + [name for key in ("parts", "chapters", "sections") if key in node for name in toc_files(node[key])]


SOURCES = toc_files(yaml.safe_load((ROOT / "_toc.yml").read_text()))
CHAPTERS = [name for name in SOURCES if re.fullmatch(r"book/\d\d-[a-z]+", name)]  # a chapter's first page
CHAPTER_PAGES = [name for name in SOURCES if re.match(r"book/\d\d-", name)]
PACE = 45  # words a minute: formulas, figures and code stand between them, and English is not the readers' own


@dataclass
class Site:
    """Every page, parsed once."""

    root: Path
    pages: dict[Path, BeautifulSoup]
    anchors: dict[Path, set[str]]


@pytest.fixture(scope="session")
def site(html) -> Site:
    files = [html / f"{name}.html" for name in SOURCES] + [
        html / f"{name}.html" for name in ("genindex", "search", "index")
    ]
    pages = {path.resolve(): BeautifulSoup(path.read_text(), "html.parser") for path in files}
    anchors = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    return Site(html.resolve(), pages, anchors)


def test_the_book_has_a_chapter_and_every_page_of_the_toc_is_there(site):
    assert CHAPTERS
    assert len(site.pages) == len(SOURCES) + 3


def test_every_internal_link_and_anchor_resolves(site):
    dead = []
    for path, page in site.pages.items():
        for tag in page.find_all("a", href=True):
            link = urlsplit(tag["href"])
            if link.scheme or link.netloc or tag["href"].startswith(("#!", "javascript:")):
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            if not target.is_file():
                dead.append(f"{path.name}: {tag['href']}")
            elif link.fragment and target.suffix == ".html":
                known = site.anchors.get(target)
                if known is None or unquote(link.fragment) not in known:
                    dead.append(f"{path.name}: {tag['href']} (no such anchor)")
    assert not dead, "\n".join(dead)


def test_whatever_a_page_loads_comes_with_the_book(site):
    foreign, missing = [], []
    for path, page in site.pages.items():
        loaded = [tag["src"] for tag in page.find_all(src=True)]
        loaded += [tag["href"] for tag in page.find_all("link", href=True) if "canonical" not in tag.get("rel", [])]
        loaded += [tag["data"] for tag in page.find_all("object", data=True)]
        for address in loaded:
            parts = urlsplit(address)
            if parts.scheme == "data" or address == "#":
                continue
            if parts.scheme or parts.netloc:
                foreign.append(f"{path.name}: {address}")
            elif not (path.parent / unquote(parts.path)).is_file():
                missing.append(f"{path.name}: {address}")
    assert not foreign, "\n".join(foreign)
    assert not missing, "\n".join(missing)


def test_no_stylesheet_loads_from_another_host(site):
    found = [
        f"{path.relative_to(site.root)}: {match}"
        for path in site.root.rglob("*.css")
        for match in re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)\"']*", path.read_text())
    ]
    assert not found, "\n".join(found)


def test_our_scripts_name_no_other_host(html):
    ours = [*(ROOT / "book" / "_static").glob("*.mjs"), *(ROOT / "book" / "_static" / "figures").glob("*.mjs")]
    assert ours
    named = re.compile(r"['\"`](?:https?:)?//(?!www\.w3\.org/)[^'\"`]*")  # XML namespaces are names, not places
    assert not [(path.name, named.findall(path.read_text())) for path in ours if named.search(path.read_text())]


def test_every_picture_has_a_text_that_says_what_it_shows(site):
    poor = []
    for path, page in site.pages.items():
        for tag in page.select("article img"):
            text = tag.get("alt", "")
            if len(text.split()) < 4 or text.startswith(("../", "_images")):
                poor.append(f"{path.name}: {tag.get('src')}: {text!r}")
    assert not poor, "\n".join(poor)


def test_executed_figures_are_svgs_that_know_dark_mode(site):
    figures = [(path, tag) for path, page in site.pages.items() for tag in page.select("div.cell_output img")]
    assert len(figures) > 10
    for path, tag in figures:
        file = path.parent / tag["src"]
        assert file.suffix == ".svg", f"{path.name}: {tag['src']} is no SVG; call plots.install() in the first cell"
        assert "prefers-color-scheme: dark" in file.read_text(), f"{path.name}: {tag['src']} knows no dark mode"
        assert "adaptive" in tag["class"], f"{path.name}: {tag['src']} lacks `classes: adaptive`"


def test_nothing_is_rendered_half(site):
    """Roles and formulas that were not understood stay in the text as they were written."""
    left = []
    for path, page in site.pages.items():
        for tag in page.select("article :is(p, li, td, figcaption)"):
            prose = [part for part in tag.find_all(string=True) if not part.find_parent(["code", "pre"])]
            prose = "".join(part for part in prose if not part.find_parent(class_="math"))
            if found := re.search(r"\{[a-z:]+\}`|\[\]|\$\S[^$]*\$", prose):
                left.append(f"{path.name}: {found[0]}")
    assert not left, "\n".join(left)


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_chapter_has_a_box_for_each_named_mistake_and_no_other(site, name):
    """Every link of feedback arrives. Sphinx folds case, so ids must differ in more than that."""
    prefix = f"mistake-{Path(name).name}-"
    sentences = assignment(Path(name).name).sentences
    assert len({mistake.lower() for mistake in sentences}) == len(sentences) >= 25
    page = (site.root / f"{name}.html").resolve()
    boxes = {anchor.removeprefix(prefix) for anchor in site.anchors[page] if anchor.startswith(prefix)}
    assert not (missing := set(sentences) - boxes), f"no box in {name}.md for: {sorted(missing)}"
    assert not (left := boxes - set(sentences)), f"{name}.md has boxes for mistakes that no exam names: {sorted(left)}"


@pytest.mark.parametrize("name", CHAPTERS)
def test_feedback_calls_a_box_as_the_page_does(site, name):
    page = site.pages[(site.root / f"{name}.html").resolve()]
    for mistake in assignment(Path(name).name).sentences:
        anchor = page.find(id=f"mistake-{Path(name).name}-{mistake}")
        folded = anchor.find_parent("details", class_="mistake")
        shown = folded.summary.get_text() if folded else anchor.find_parent("li").get_text()
        title = mistake_title(Path(name).name, mistake)
        assert shown.removeprefix("What goes wrong: ").casefold() == title.casefold(), mistake


def pages_of(name: str) -> list[str]:
    """A chapter's pages, its first one first."""
    return [page for page in CHAPTER_PAGES if page == name or page.startswith(f"{name}-")]


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_anchor_opens_a_box_or_leads_on_to_one(site, name):
    """On a chapter's first page an anchor lies in a folded box, or in the list of the boxes on its other pages."""
    path = (site.root / f"{name}.html").resolve()
    anchors = site.pages[path].find_all(id=re.compile("^mistake-"))
    assert anchors
    for tag in anchors:
        if tag.find_parent("details", class_="mistake"):
            continue
        entry = tag.find_parent("li")
        assert entry is not None and entry.find_parent("details", class_="elsewhere"), tag["id"]
        there = site.pages[(path.parent / entry.a["href"].split("#")[0]).resolve()]
        assert there.find(id=tag["id"]).find_parent("details", class_="mistake"), tag["id"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_few_boxes_are_open(site, name):
    boxes = [box for page in pages_of(name) for box in site.pages[site.root / f"{page}.html"].select("details.mistake")]
    assert 4 <= sum(box.has_attr("open") for box in boxes) <= 6


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_its_assignment(site, name):
    articles = [site.pages[site.root / f"{page}.html"].find("article") for page in pages_of(name)]
    assert any(article.select(f"a[download][href$='{Path(name).name}.ipynb']") for article in articles)


@pytest.mark.parametrize("name", CHAPTER_PAGES)
def test_a_page_of_a_chapter_has_all_its_parts(site, name):
    page = site.pages[(site.root / f"{name}.html").resolve()].find("article")
    first = page.find("p").get_text()
    assert "?" in first, f"{name} does not open with the question it answers: {first!r}"
    heads = [head.get_text() for head in page.find_all("h2")]
    for part in ("What to keep", "Check yourself", "Exercises", "What goes wrong", "Words of this page", "Sources"):
        assert any(part in head for head in heads), f"{name} has no section “{part}”"
    quizzes = page.select("div.quiz")
    assert len(quizzes) >= 3
    assert any(quiz.select_one("details")["class"] == ["wrong"] for quiz in quizzes), "the first answer is always right"
    exercises, answers = page.select("div.exercise"), page.select("div.solution")
    assert 6 <= len(exercises) == len(answers) <= 10, f"{name}: {len(exercises)} exercises, {len(answers)} answers"
    coded = [exercise for exercise in exercises if "Code." in exercise.get_text()]
    assert 0 < len(coded) < len(exercises), f"{name}: {len(coded)} of {len(exercises)} exercises are code"
    assert all("dropdown" in answer["class"] for answer in answers), "answers are to be folded"
    assert page.select("div.citation"), f"{name} lists no sources"
    for formula in page.select("div.math"):
        if not formula.find_parent("div", class_="solution"):
            assert formula.select(".eqno"), f"{name}: this formula has no number: {formula.get_text()[:80]}"
    for figure in page.select("figure"):
        assert figure.select_one(".caption-number"), f"{name}: a figure has no number"


@pytest.mark.parametrize("name", CHAPTER_PAGES)
def test_the_reading_time_is_honest(site, name):
    """At most an hour and a half, and no less than the words of the prose take; folded boxes are read when needed."""
    article = copy.copy(site.pages[(site.root / f"{name}.html").resolve()].find("article"))
    told = re.search(
        r"Reading time of this page: about (an hour and a quarter|an hour|(\d+) minutes)", article.get_text()
    )
    assert told, f"{name} gives no reading time"
    minutes = int(told[2]) if told[2] else {"an hour": 60}.get(told[1], 75)
    for part in article.select("details, div.solution, div.exercise, div.quiz, div.cell, div.citation, dl.glossary"):
        part.decompose()
    words = len(article.get_text().split())
    assert words / PACE <= minutes <= 90, f"{name}: {words} words take {words / PACE:.0f} minutes, it says {minutes}"


def code_cells(name: str, *, without: frozenset[str] = frozenset()) -> list[str]:
    """The page's cells, less those with one of the given tags."""
    text = (ROOT / f"{name}.md").read_text()
    if not text.startswith("---"):
        return []
    cells = [cell for cell in jupytext.reads(text, fmt="md:myst").cells if cell.cell_type == "code"]
    return [cell.source for cell in cells if not without & set(cell.metadata.get("tags", []))]


@pytest.mark.parametrize("name", SOURCES)
def test_no_cell_is_longer_than_a_screen(name):
    long = [cell.splitlines()[0] for cell in code_cells(name) if len(cell.splitlines()) > SCREEN]
    assert not long, f"move these cells of {name} to book/_code: {long}"


@pytest.mark.parametrize("name", SOURCES)
def test_no_line_of_code_is_wider_than_the_page(name):
    shown = code_cells(name, without=frozenset({"remove-cell", "remove-input", "hide-input", "hide-cell"}))
    wide = [line for cell in shown for line in cell.splitlines() if len(line) > WIDTH]
    assert not wide, f"{name}: a reader has to scroll for\n" + "\n".join(wide)


@pytest.mark.parametrize("name", SOURCES)
def test_every_number_that_is_kept_is_shown(name):
    calls = (node for cell in code_cells(name) for node in ast.walk(ast.parse(re.sub(r"^%", "#%", cell, flags=re.M))))
    kept = {
        argument.arg.replace("_", "-")
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "keep"
        for argument in call.keywords
        if argument.arg
    }
    text = (ROOT / f"{name}.md").read_text(encoding="utf-8")
    assert kept <= set(re.findall(r"\{glue:\w*\}`([\w-]+)", text))


def read_by(node: ast.AST) -> set[str]:
    """The variables that some code reads, less those which it binds itself, such as arguments of a lambda."""
    inner = {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
    for part in ast.walk(node):
        if isinstance(part, ast.comprehension):
            inner |= {name.id for name in ast.walk(part.target) if isinstance(name, ast.Name)}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - inner


def asserts_on_records(cells: list[str]) -> list[str]:
    """The `assert`s that depend on an experiment's record, in cells that run one after the other."""
    from_records: set[str] = set()
    found = []

    def bind(target: ast.AST, value: ast.AST) -> None:
        names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
        if read_by(value) & from_records or "records.Record(" in ast.unparse(value):
            from_records.update(names)
        elif isinstance(target, ast.Name | ast.Tuple):  # an entry of a list does not make the others new
            from_records.difference_update(names)

    def run(statements: list[ast.stmt]) -> None:
        for statement in statements:
            match statement:
                case ast.Assert() if read_by(statement) & from_records:
                    found.append(ast.unparse(statement))
                case ast.Assign():
                    for target in statement.targets:
                        bind(target, statement.value)
                case ast.FunctionDef():
                    bind(ast.Name(statement.name), statement)
                case ast.For():
                    bind(statement.target, statement.iter)
            for block in ("body", "orelse", "finalbody"):
                if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    run(getattr(statement, block, []))

    for cell in cells:
        run(ast.parse(re.sub(r"^%", "#%", cell, flags=re.M)).body)
    return found


def test_asserts_on_records_are_found():
    cells = [
        "told = records.Record('a.json')\nright = told('right')\nfor name in 'ab':\n    assert right[name] > 1",
        "best = lambda x: max(x, right)\ndef worst(right):\n    return min(right)",
        "assert best(3) > 2\nassert worst([1, 2]) == 1\nassert all(right > 0 for right in [1])",
        "right = 3\nassert right == 3\nassert name",
    ]
    assert asserts_on_records(cells) == ["assert right[name] > 1", "assert best(3) > 2"]


@pytest.mark.parametrize("name", SOURCES)
def test_no_assert_holds_what_an_experiment_found(name):
    frozen = asserts_on_records(code_cells(name))
    assert not frozen, "a renewed record would stop the build; let the text follow from it"


def defined_in(name: str) -> dict[str, object]:
    """The functions, lambdas and classes that a page's cells define, made without running the cells."""
    nodes: list[ast.stmt] = []
    for cell in code_cells(name):
        for node in ast.walk(ast.parse(re.sub(r"^%", "#%", cell, flags=re.M))):
            is_lambda = isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)
            if isinstance(node, ast.FunctionDef | ast.ClassDef) or is_lambda:
                nodes.append(node)
    space: dict[str, object] = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
    given = set(space)
    exec(compile(ast.Module(nodes, []), name, "exec"), space)
    return {key: value for key, value in space.items() if key not in given and key != "__builtins__"}


# What pages show beside each part that it could be handed in for.
SHOWN = [(f"{label} of {name}", thing) for name in CHAPTER_PAGES for label, thing in defined_in(name).items()]
PARTS = [exam for name in ASSIGNMENTS for exam in assignment(name).exams]
PAIRS = [pytest.param(thing, exam, id=f"{label} as {exam.name}") for (label, thing), exam in product(SHOWN, PARTS)]


@pytest.mark.parametrize(("thing", "exam"), some_of(PAIRS, 120))
def test_what_a_page_shows_earns_at_most_a_quarter_of_a_part(thing, exam):
    assert not earns_more_than(exam.points / 4, exam, thing)


def test_the_picture_in_the_readme_is_light():
    picture = ROOT / "book" / "_static" / "readme-page.png"
    assert f"]({picture.relative_to(ROOT).as_posix()})" in (ROOT / "README.md").read_text()
    assert picture.stat().st_size < 300_000


def test_no_page_names_the_machine_it_was_built_on(site):
    for path, page in site.pages.items():
        assert str(ROOT) not in str(page), path.name
        assert "/home/" not in page.get_text(), path.name
