"""Sphinx extension of this book: cells run with this checkout's packages, and results are kept as long as these stand.

- `config-inited`: cells get their environment.
- `env-get-outdated`, `source-read`: each page has an execution cache of its own, in a folder named after everything
  that its cells' results depend on besides their own text (myst-nb keys its cache on the cells alone, so an edited
  ``convcourse`` would go on showing old results): the modules that they import and the packages that compute. When
  these change the page is read and run again, and no other page is.
- `env-get-updated`: a chapter's number is that of its file, also while chapters before it are not written yet.
- `html-page-context`: a page whose body has ``<figure class="live-NAME …">`` loads ``figures/NAME.mjs``; small mends of
  what Sphinx writes, so that axe finds nothing.
"""

import hashlib
import os
import re
import shutil
from importlib.metadata import version
from pathlib import Path

from imports import code_of, files_behind
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("torch", "torchvision", "numpy", "matplotlib", "scikit-image", "pillow", "drawsvg", "myst-nb")

# Environment of the cells.
SETTINGS = {"CONVCOURSE_BOOK": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}

# (what Sphinx writes, what we want)
MENDS = (
    (' role="list" class="citation-list"', ' class="citation-list"'),  # its children are no list items
    (' role="doc-biblioentry"', ""),  # deprecated in DPUB-ARIA
    ("<td><p>✅</p></td>", "<td><p>ran</p></td>"),  # in the table of run times; few fonts have the sign
    ('<summary aria-label="Toggle hidden content">', "<summary>"),  # hides the visible words "Show code cell source"
)

log = logging.getLogger(__name__)


def results_key(page: Path, root: Path = ROOT) -> str:
    """Twelve hex digits which change when a module that the page's cells import changes, or a package of `PACKAGES`."""
    digest = hashlib.sha256()
    for name in PACKAGES:
        digest.update(f"{name}={version(name)}\n".encode())
    for path in files_behind(code_of(page), [root, root / "book"]):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def prepare_execution(app, config) -> None:
    os.environ.update(SETTINGS)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def cache_of(app, page: str) -> Path:
    """Where the results of a page's cells are kept."""
    return (
        Path(app.outdir).parent / ".jupyter_cache" / page.replace("/", "-") / results_key(Path(app.env.doc2path(page)))
    )


def pages_to_run_again(app, env, added, changed, removed) -> list[str]:
    return [page for page in env.found_docs - added - changed if not cache_of(app, page).exists()]


def choose_cache(app, page, content) -> None:
    """Before a page is read: its results are looked for in its own folder; those of other code go."""
    cache = cache_of(app, page)
    for old in cache.parent.glob("*"):
        if old != cache:
            shutil.rmtree(old)
    cache.mkdir(parents=True, exist_ok=True)
    app.env.mystnb_config = app.env.mystnb_config.copy(execution_cache_path=str(cache))


def number_by_file(app, env) -> list[str]:
    """Chapter ``06-…`` is chapter 6, with its sections, figures and formulas; Sphinx has counted chapters from 1."""
    for page in env.found_docs:
        if not (found := re.match(r"book/(\d\d)-", page)) or "secnumber" not in env.titles[page]:
            continue
        number = lambda old, chapter=int(found[1]): (chapter, *old[1:])
        titles = [
            env.titles[page],
            *env.tocs[page].findall(lambda node: "secnumber" in getattr(node, "attributes", {})),
        ]
        for node in titles:
            node["secnumber"] = number(node["secnumber"])
        for numbers in [env.toc_secnumbers[page], *env.toc_fignumbers.get(page, {}).values()]:
            numbers.update({anchor: number(old) for anchor, old in numbers.items() if old})
    return []


def load_live_figures(app, pagename, templatename, context, doctree) -> None:
    for name in sorted(set(re.findall(r'<figure[^>]*class="[^"]*\blive-([\w-]+)', context.get("body", "")))):
        if not (ROOT / "book" / "_static" / "figures" / f"{name}.mjs").is_file():
            log.warning("the figure of class live-%s has no book/_static/figures/%s.mjs", name, name, location=pagename)
        app.add_js_file(f"figures/{name}.mjs", type="module")


def mend_body(app, pagename, templatename, context, doctree) -> None:
    for old, new in MENDS:
        if "body" in context:
            context["body"] = context["body"].replace(old, new)


def setup(app) -> dict[str, bool]:
    app.connect("config-inited", prepare_execution)
    app.connect("env-get-outdated", pages_to_run_again)
    app.connect("source-read", choose_cache)
    app.connect("env-get-updated", number_by_file, priority=900)  # after Sphinx's own count
    app.connect("html-page-context", load_live_figures)
    app.connect("html-page-context", mend_body)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
