"""Sphinx extension of this book: cells run with this checkout's packages, and results are kept as long as these stand.

- `config-inited`: cells get their environment.
- `env-get-outdated`, `source-read`: each page has an execution cache of its own, in a folder named after everything
  that its cells' results depend on besides their own text (myst-nb keys its cache on the cells alone, so an edited
  ``convcourse`` would go on showing old results): the modules that they import, the experiments' figures that they name
  and the packages that compute. When these change the page is read and run again, and no other page is.
- `env-get-updated`: a chapter's number is that of its file, also while chapters before it are not written yet.
- `build-finished`: how long each page's cells took, for the instructors' page of run times.
- `html-page-context`: a page whose body has ``<figure class="live-NAME …">`` loads ``figures/NAME.mjs``, and one with
  formulas loads MathJax; small mends of what Sphinx writes, so that axe finds nothing.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from docutils import nodes
from imports import code_of, files_behind
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
RUN_TIMES = ROOT / "_build" / "run-times.json"  # written by the readers' book, shown by the instructors' site
PACKAGES = ("torch", "torchvision", "numpy", "matplotlib", "scikit-image", "pillow", "drawsvg", "myst-nb")

# Environment of the cells.
SETTINGS = {"CONVCOURSE_BOOK": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}

# (what Sphinx writes, what we want)
MENDS = (
    (' role="list" class="citation-list"', ' class="citation-list"'),  # its children are no list items
    (' role="doc-biblioentry"', ""),  # deprecated in DPUB-ARIA
    ('<summary aria-label="Toggle hidden content">', "<summary>"),  # hides the visible words "Show code cell source"
)

# What is no running text: code and the marks themselves.
NO_TEXT = re.compile(r"(<pre\b.*?</pre>|<code\b.*?</code>|<script\b.*?</script>|<[^>]*>)", re.DOTALL)

# A formula and the full stop or comma after it, between which browsers break lines.
FORMULA_WITH_MARK = re.compile(r'(<span class="math notranslate nohighlight">[^<]*</span>[.,;:!?)]+)')

sys.path.insert(0, str(ROOT / "book"))  # the page actions know which pages are handed out as notebooks
log = logging.getLogger(__name__)


def results_key(page: Path, root: Path = ROOT) -> str:
    """Twelve hex digits which change when a module that the page's cells import changes, an experiment's figures that
    they name, or a package of `PACKAGES`."""
    digest = hashlib.sha256()
    for name in PACKAGES:
        digest.update(f"{name}={version(name)}\n".encode())
    code = code_of(page)
    records = (path for path in sorted((root / "book" / "experiments").glob("*.json")) if path.name in code)
    for path in [*files_behind(code, [root, root / "book"]), *records]:
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
    """Chapter ``06-…`` is chapter 6, with its figures and formulas; Sphinx has counted chapters from 1.

    Its first page is 6, the others are 6.2, 6.3 and so on. Sections are not numbered: Sphinx counts a chapter's pages
    together with the sections of its first page.
    """
    for page in env.found_docs:
        if not (found := re.match(r"(book/(\d\d)-[a-z]+)(-?)", page)) or "secnumber" not in env.titles[page]:
            continue
        chapter = int(found[2])
        pages = env.toctree_includes.get(found[1], [])
        own = (chapter, pages.index(page) + 2) if found[3] else (chapter,)
        for node in env.tocs[page].findall(lambda node: "secnumber" in getattr(node, "attributes", {})):
            if node.get("anchorname"):
                del node["secnumber"]
            else:
                node["secnumber"] = own
        env.titles[page]["secnumber"] = own
        env.toc_secnumbers[page] = {anchor: own if anchor == "" else None for anchor in env.toc_secnumbers[page]}
        for numbers in env.toc_fignumbers.get(page, {}).values():
            numbers.update({anchor: (chapter, *old[1:]) for anchor, old in numbers.items() if old})
    return []


def load_live_figures(app, pagename, templatename, context, doctree) -> None:
    for name in sorted(set(re.findall(r'<figure[^>]*class="[^"]*\blive-([\w-]+)', context.get("body", "")))):
        if not (ROOT / "book" / "_static" / "figures" / f"{name}.mjs").is_file():
            log.warning("the figure of class live-%s has no book/_static/figures/%s.mjs", name, name, location=pagename)
        app.add_js_file(f"figures/{name}.mjs", type="module")


def mend_body(app, pagename, templatename, context, doctree) -> None:
    if "body" not in context:
        return
    for old, new in MENDS:
        context["body"] = context["body"].replace(old, new)
    context["body"] = FORMULA_WITH_MARK.sub(r'<span class="unbroken">\1</span>', context["body"])
    parts = NO_TEXT.split(context["body"])
    parts[::2] = [re.sub(r" (?=[×%])|(?<=×) ", "\u00a0", text) for text in parts[::2]]  # “3 × 3” and “5 %” on one line
    context["body"] = "".join(parts)


def load_mathjax_for_formulas(app, pagename, templatename, context, doctree) -> None:
    """MathJax on pages that show formulas: Sphinx loads it on those, too, that only list such pages."""
    if "script_files" in context and 'class="math ' not in context.get("body", ""):
        context["script_files"] = [script for script in context["script_files"] if not is_mathjax(app, script)]


def is_mathjax(app, script) -> bool:
    """Whether this is MathJax, or its settings."""
    settings = script.attributes.get("body") or ""
    return settings.startswith("window.MathJax") or str(script.filename).endswith(app.config.mathjax_path)


def name_toggles(app, pagename, templatename, context, doctree) -> None:
    """The theme's buttons that unfold a chapter in the sidebar show only an arrow. Here they get a name."""
    if make := context.get("generate_toctree_html"):
        named = '<summary aria-label="Pages of this chapter">'
        context["generate_toctree_html"] = lambda *args, **options: str(make(*args, **options)).replace(
            "<summary>", named
        )


def write_run_times(app, exception) -> None:
    times = {
        page: data["exec_data"]["runtime"]
        for page, data in app.env.nb_metadata.items()
        if data.get("exec_data", {}).get("runtime")
    }
    if times and exception is None:
        RUN_TIMES.write_text(json.dumps(times, indent=1, sort_keys=True))


class RunTimes(SphinxDirective):
    """A line a page, and how many seconds its cells took."""

    def run(self) -> list[nodes.Node]:
        if not RUN_TIMES.exists():
            return [nodes.paragraph(text="The readers' book has not been built yet.")]
        self.env.note_dependency(str(RUN_TIMES))
        lines = [f"{page}: {seconds:.1f} s" for page, seconds in json.loads(RUN_TIMES.read_text()).items()]
        return [nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph(text=line)) for line in lines))]


def setup(app) -> dict[str, bool]:
    for ours in ("boxes", "actions", "social"):
        app.setup_extension(ours)
    app.connect("config-inited", prepare_execution)
    app.connect("env-get-outdated", pages_to_run_again)
    app.connect("source-read", choose_cache)
    app.connect("env-get-updated", number_by_file, priority=900)  # after Sphinx's own count
    app.connect("html-page-context", load_live_figures)
    app.connect("html-page-context", mend_body)
    app.connect("html-page-context", load_mathjax_for_formulas, priority=900)  # after Sphinx's own choice
    app.connect("html-page-context", name_toggles, priority=900)  # after the theme
    app.connect("build-finished", write_run_times)
    app.add_directive("run-times", RunTimes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
