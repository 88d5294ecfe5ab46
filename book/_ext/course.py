"""Sphinx extension of this book: cells run with this checkout's packages, and results are kept as long as these stand.

- `config-inited`: the execution cache gets a folder named after everything a cell's result depends on besides its own
  text (myst-nb keys its cache on the cells alone, so an edited ``convcourse`` would go on showing old results).
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

from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
CACHES = ROOT / "_build" / ".jupyter_cache"
CODE = ("convcourse", "book/_code")
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


def results_key(root: Path = ROOT) -> str:
    """Twelve hex digits which change when the code that cells import changes, or a package of `PACKAGES`."""
    digest = hashlib.sha256()
    for name in PACKAGES:
        digest.update(f"{name}={version(name)}\n".encode())
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def prepare_execution(app, config) -> None:
    cache = CACHES / results_key()
    config.nb_execution_cache_path = str(cache)
    for old in CACHES.glob("*"):
        if old != cache:
            shutil.rmtree(old)
    os.environ.update(SETTINGS)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


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
    app.connect("env-get-updated", number_by_file, priority=900)  # after Sphinx's own count
    app.connect("html-page-context", load_live_figures)
    app.connect("html-page-context", mend_body)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
