"""Two sites: readers find nothing of the exams, and instructors find all of it."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from page_notebooks import WITHHELD

from autograder.exam_tables import pages as exam_pages

ROOT = Path(__file__).resolve().parents[2]
READABLE = {".html", ".js", ".json", ".txt", ".inv", ".md", ".py", ".ipynb"}


@pytest.fixture(scope="session")
def instructors(html) -> Path:
    return html.parent / "instructors"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in READABLE and "vendor" not in path.parts]


def words(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def told_in(text: str, folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in files(folder) if text in words(path)]


def secrets() -> dict[str, str]:
    """One of each kind that only the exams and the solutions say."""
    table = (ROOT / "book" / "exam-tables" / "06-segmentation.md").read_text()
    criterion = re.search(r"^\d+\. ([\w ,]{25,}) \([\d.]+\)$", table, re.M)[1]
    wrong = re.search(r"^\| ([\w ,]{25,}) \|.*✓ \|$", table, re.M)[1]
    answer = (ROOT / "solutions" / "06-segmentation.py").read_text().rsplit("# Wires have", 1)[1].split(".")[0]
    return {"a criterion's title": criterion, "a wrong implementation's title": wrong, "a sample answer": answer}


@pytest.mark.parametrize("kind", secrets())
def test_readers_find_nothing_of_the_exams(html, kind):
    assert not told_in(secrets()[kind], html), f"{kind} is in the readers' book"


def test_readers_find_no_page_of_the_instructors(html):
    pages = [item["file"] for item in yaml.safe_load((ROOT / "book" / "instructors.toc.yml").read_text())["chapters"]]
    assert len(pages) >= 4
    for page in [*pages, "book/instructors-guide"]:
        assert not (html / f"{page}.html").exists()
        assert not told_in(f"{Path(page).name}.html", html) or page.startswith("book/exam-tables/"), page


@pytest.mark.parametrize("kind", ["a criterion's title", "a wrong implementation's title"])
def test_instructors_find_it(instructors, kind):
    assert told_in(secrets()[kind], instructors)


def test_the_instructors_site_is_whole(instructors):
    pages = list((instructors / "book").rglob("*.html"))
    assert len(pages) >= 6
    for path in pages:
        for tag in BeautifulSoup(words(path), "html.parser").select("article a[href]"):
            link = tag["href"].split("#")[0]
            if link and not re.match(r"[a-z]+:", link):
                assert (path.parent / link).resolve().exists(), f"{path.name}: {tag['href']}"
    assert re.search(r"01-convolution: \d", words(instructors / "book" / "status.html")), "no run times"
    assert exam_pages.PAGES == ROOT / "book" / "exam-tables"


def test_the_site_can_be_published(html):
    assert (html / ".nojekyll").is_file()
    assert (html / "requirements.txt").read_text().startswith("torch")


@pytest.fixture
def offered(monkeypatch):
    """The page actions' function."""
    for folder in ("book/_ext", "book"):
        monkeypatch.syspath_prepend(str(ROOT / folder))
    return importlib.import_module("actions").actions


def test_without_a_repository_only_what_needs_none_is_offered(offered):
    assert [address for _, address in offered("01-convolution", "Convolution", "")] == [
        "../notebooks/01-convolution.ipynb",
        "cite.html",
    ]


def test_with_a_repository_all_is_offered(offered):
    found = dict(offered("01-convolution", "1. Convolution", "someone/course"))
    assert found["Open in Colab"].endswith("/github/someone/course/blob/gh-pages/notebooks/01-convolution.ipynb")
    assert found["Open in Binder"].endswith("/gh/someone/course/gh-pages?labpath=notebooks/01-convolution.ipynb")
    assert found["Report a mistake"] == "https://github.com/someone/course/issues/new?title=1.%20Convolution%3A%20"


def test_the_pages_offer_it(html):
    links = BeautifulSoup(words(html / "book" / "01-convolution.html"), "html.parser").select("nav.page-actions a")
    assert [link["href"] for link in links] == ["../notebooks/01-convolution.ipynb", "cite.html"]


NOTEBOOKS = sorted(
    path.stem
    for path in (ROOT / "book").glob("0*.md")
    if not re.search(rf"^from _code import .*\b({'|'.join(WITHHELD)})\b", path.read_text(), re.M)
)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_clean(html, name):
    made = json.loads(words(html / "notebooks" / f"{name}.ipynb"))
    text = "".join("".join(cell["source"]) for cell in made["cells"] if cell["cell_type"] == "markdown")
    assert not re.search(r"(?<!begin)(?<!end)\{[a-z:]+\}[`\n]|^:::|^\([\w-]+\)=$|\+\+\+", text, re.M), "MyST is left"
    code = "".join("".join(cell["source"]) for cell in made["cells"] if cell["cell_type"] == "code")
    assert "glue" not in code and "assert" not in code and "keep(" not in code
    assert re.search(r"\\tag\{\d\.\d+\}", text) and re.search(r"\*Fig\. \d\.\d+\.?\*", text)
    assert "<details>" in text


def test_the_notebooks_run_without_the_repository(html, tmp_path):
    """Each in a process of its own that sees nothing but the unpacked folder."""
    name = "01-convolution"
    made = json.loads(words(html / "notebooks" / f"{name}.ipynb"))
    cells = ["".join(cell["source"]) for cell in made["cells"] if cell["cell_type"] == "code"]
    script = tmp_path / "run.py"
    script.write_text("import matplotlib\nmatplotlib.use('agg')\n" + "\n".join(cells))
    program = "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[2])"
    command = [sys.executable, "-P", "-c", program, str(html / "notebooks"), str(script)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]


def test_students_get_neither_solutions_nor_exams(html, tmp_path, monkeypatch):
    """The folder of `make student-repo` has all that they need, and nothing that tells an answer."""
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    folder = tmp_path / "Übung 1"
    importlib.import_module("student_copy").write(folder)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert {"assignments/01-convolution/01-convolution.ipynb", "notebooks/01-convolution.ipynb", "README.md"} <= found
    assert {"book/index.html", "book/.nojekyll", "book/book/how-to-submit.html"} <= found
    (wheel,) = [name for name in found if name.endswith(".whl")]
    for item in yaml.safe_load((ROOT / "book" / "instructors.toc.yml").read_text())["chapters"]:
        assert f"book/{item['file']}.html" not in found
    apart = [name for name in found if not name.startswith("book/")]
    assert not [name for name in apart if re.search(r"solutions|autograder|exam|unet|segmenting", name)]
    for text in secrets().values():
        assert not told_in(text, folder)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for system in ("Windows", "macOS", "Linux", "Colab"):
        assert system in readme
    shown = set(re.findall(r"(?:\./|\.\\)?(convcourse-\S+\.whl)", readme))
    assert shown == {wheel} and "WHEEL" not in readme
    for place in re.findall(r"`([a-z]+)/`", readme):
        assert (folder / place).is_dir()
