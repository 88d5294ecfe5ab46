"""How the book is built: warnings stop it every time, old results never show, vendored files are what they were."""

import hashlib
import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def load(path: str):
    spec = importlib.util.spec_from_file_location(Path(path).stem + "_under_test", ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """The real build script on a book of one page."""
    script = load("book/build.py")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "BUILD", tmp_path / "_build")
    (tmp_path / "_config.yml").write_text(
        "title: Small\nexecute: {execute_notebooks: 'off'}\nonly_build_toc_files: true\n"
    )
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    return script, tmp_path / "page.md"


def test_a_page_with_a_warning_fails_again_and_again_until_it_is_mended(small_book, capfd):
    script, page = small_book
    page.write_text("# Page\n\nSee {ref}`nowhere`.\n")
    assert script.main() != 0
    assert script.main() != 0, "the second build took the broken page for a good one"
    assert "nowhere" in capfd.readouterr().err
    page.write_text("# Page\n\nAll is well.\n")
    assert script.main() == 0


def test_where_nothing_has_changed_nothing_is_built(small_book):
    script, page = small_book
    page.write_text("# Page\n")
    assert script.main() == 0
    built = script.BUILD / "html" / "page.html"
    built.write_text("as it was left")
    assert script.main() == 0
    assert built.read_text() == "as it was left"
    page.write_text("# Another\n")
    assert script.main() == 0
    assert "Another" in built.read_text()
    before = script.inputs()
    (script.ROOT / "module.py").touch()
    assert script.inputs() != before


READERS = """
import os
from pathlib import Path

def setup(app):
    def note(app, page, content):
        Path(app.outdir, f"{page}.reader").write_text(str(os.getpid()))

    app.connect("source-read", note)
    return {"parallel_read_safe": True}
"""


@pytest.mark.skipif(
    os.cpu_count() == 1, reason="pages are read side by side on several cores, and this machine has one"
)
def test_pages_are_read_on_all_cores(small_book):
    script, page = small_book
    pages = [page.with_name(f"page{number}.md") for number in range(8)]
    for other in pages:
        other.write_text(f"# {other.stem}\n")
    page.write_text("# Page\n")
    (page.parent / "_toc.yml").write_text(
        "format: jb-book\nroot: page\nchapters:\n" + "".join(f"- file: {other.stem}\n" for other in pages)
    )
    with (page.parent / "_config.yml").open("a") as config:
        config.write("latex: {use_jupyterbook_latex: false}\nsphinx: {local_extensions: {readers: .}}\n")
    (page.parent / "readers.py").write_text(READERS)
    assert script.main() == 0
    readers = [read.read_text() for read in page.parent.glob("_build/html/*.reader")]
    assert len(readers) == 9
    assert len(set(readers)) > 1


NUMBERED = """# Sixth

## A section

(eq)=
$$a = b$$ (eq-a)

```{figure} dot.png
:name: fig-dot
A dot that stands for a figure.
```

{numref}`fig-dot` and {eq}`eq-a`.
"""


def test_a_chapter_has_the_number_of_its_file(small_book):
    script, page = small_book
    page.write_text("# Start\n")
    root = page.parent
    extension = (ROOT / "book" / "_ext").as_posix()
    with open(root / "_config.yml", "a") as config:
        config.write(f"sphinx: {{local_extensions: {{course: {extension}}}}}\n")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: page\nparts: [{caption: Chapters, numbered: true, chapters: "
        "[{file: book/06-sixth, sections: [{file: book/06-sixth-more}]}]}]\n"
    )
    (root / "book").mkdir()
    (root / "book" / "06-sixth.md").write_text(NUMBERED)
    (root / "book" / "06-sixth-more.md").write_text("# More\n\n## In it\n\n$$a = c$$ (eq-c)\n\n{eq}`eq-c`.\n")
    Image.new("L", (4, 4)).save(root / "book" / "dot.png")
    for _ in range(2):  # the second build counts again what it has not read again
        assert script.main() == 0
        html = (root / "_build" / "html" / "book" / "06-sixth.html").read_text()
        text = BeautifulSoup(html, "html.parser").get_text()
        for shown in ("6. Sixth", "6.2. More", "Fig. 6.1", "(6.1)"):
            assert shown in text, shown
        assert "\nA section" in text and "6.1. A section" not in text
        more = (root / "_build" / "html" / "book" / "06-sixth-more.html").read_text()
        assert "(6.2)" in BeautifulSoup(more, "html.parser").get_text(), "formulas are counted through the chapter"
        page.write_text("# Start\n\nAnew.\n")


PAGE = """---
jupytext: {text_representation: {format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---

# A page

```{code-cell} ipython3
:tags: [hide-input]
%matplotlib inline
from convcourse.data import scenes
from _code import drawing
found = records.Record("wires.json")
```

```python
import convcourse.unused
```
"""


@pytest.fixture
def course(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    return load("book/_ext/course.py")


@pytest.mark.parametrize(
    ("changed", "anew"),
    [
        ("convcourse/data/scenes.py", True),
        ("convcourse/data/__init__.py", True),
        ("convcourse/shapes.py", True),  # imported by what is imported
        ("convcourse/data/scenes.json", True),
        ("book/_code/drawing.py", True),
        ("book/experiments/wires.json", True),
        ("convcourse/unused.py", False),
        ("book/_code/kernels.py", False),
        ("book/experiments/other.json", False),
        ("convcourse/data/beside.json", False),
        ("convcourse/data/__pycache__/scenes.pyc", False),
    ],
)
def test_a_pages_results_are_forgotten_when_code_that_it_imports_changes(changed, anew, course, tmp_path):
    files = {
        "page.md": PAGE,
        "convcourse/data/scenes.py": "from ..shapes import disc\nFILE = 'scenes.json'\n",
        "convcourse/data/scenes.json": "{}",
        "book/experiments/wires.json": "{}",
        **dict.fromkeys(("convcourse/__init__.py", "convcourse/data/__init__.py", "convcourse/shapes.py"), ""),
        **dict.fromkeys(("convcourse/unused.py", "book/_code/drawing.py", "book/_code/kernels.py"), ""),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    before = course.results_key(tmp_path / "page.md", tmp_path)
    assert course.results_key(tmp_path / "page.md", tmp_path) == before
    (tmp_path / changed).parent.mkdir(exist_ok=True)
    (tmp_path / changed).write_text("a = 1\n")
    assert (course.results_key(tmp_path / "page.md", tmp_path) != before) == anew


BOXES = """# Page

(mistake-a)=
(mistake-b)=
```{mistake} the bias
**Seen:** something.
```

:::{quiz} Which `k` is right?
One
: Yes. It is.

Two
: No. It is not.
:::
"""


def with_boxes(small_book, text: str):
    script, page = small_book
    with open(page.parent / "_config.yml", "a") as config:
        config.write(f"sphinx: {{local_extensions: {{course: {(ROOT / 'book' / '_ext').as_posix()}}}}}\n")
        config.write("parse: {myst_enable_extensions: [colon_fence, deflist]}\n")
    page.write_text(text)
    code = script.main()
    return code, BeautifulSoup((page.parent / "_build" / "html" / "page.html").read_text(), "html.parser")


def test_boxes_fold_and_hold_all_of_their_anchors(small_book):
    code, page = with_boxes(small_book, BOXES)
    assert code == 0
    box = page.select_one("details.mistake")
    assert not box.has_attr("open") and box.summary.get_text() == "The bias"
    assert {tag["id"] for tag in box.select("span[id]")} == {"mistake-a", "mistake-b"}
    right, wrong = page.select(".quiz details")
    assert right["class"] == ["right"] and wrong["class"] == ["wrong"]
    assert right.summary.get_text().strip() == "One" and "k" in page.select_one(".quiz-question").get_text()


def test_a_quiz_has_one_right_answer(small_book):
    assert with_boxes(small_book, BOXES.replace("No. It is not.", "Yes. It is, too."))[0] != 0


def test_a_formula_and_the_full_stop_after_it_stay_on_one_line(course):
    formula = '<span class="math notranslate nohighlight">\\(a\\)</span>'
    context = {"body": f"<p>{formula}. With {formula} too</p>"}
    course.mend_body(None, "page", None, context, None)
    assert context["body"] == f'<p><span class="unbroken">{formula}.</span> With {formula} too</p>'


def test_sizes_and_shares_stay_on_one_line_and_code_as_it_is(course):
    context = {"body": '<p title="2 × 2">3 × 3, <span>5</span> %</p><pre>a <b>%</b> b × c</pre><code>6 % 2</code>'}
    course.mend_body(None, "page", None, context, None)
    assert context["body"] == (
        '<p title="2 × 2">3\u00a0×\u00a03, <span>5</span>\u00a0%</p><pre>a <b>%</b> b × c</pre><code>6 % 2</code>'
    )


MANIFESTS = sorted([*(ROOT / "book").rglob("vendor.json"), *(ROOT / "tests").rglob("vendor.json")])


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_vendored_files_are_the_ones_that_were_taken(manifest):
    said = json.loads(manifest.read_text())
    assert said["name"] and said["version"] and said["licence"] and said["source"]
    folder = manifest.parent
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path != manifest
    }
    assert found == said["files"]
    assert "LICENSE" in found


def test_everything_vendored_has_a_manifest():
    places = [ROOT / base for base in ("book/_static/vendor", "tests/browser/vendor")]
    code = [path for place in places for path in place.rglob("*") if path.suffix in (".js", ".mjs", ".wasm")]
    assert code
    for path in code:
        assert any(manifest.parent in path.parents for manifest in MANIFESTS), path


def test_the_build_needs_no_activated_environment():
    assert load("book/build.py").COMMAND[0] == sys.executable
