"""Pages that show a student's work run nothing of it, on load or on a click: nbgrader's formgrader, by its own
template, and the grader's feedback page."""

import http.server
import threading
from pathlib import Path

import nbgrader.server_extensions.formgrader as formgrader
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config
from visiting import rest

from autograder.classroom import feedback
from autograder.classroom.journal import Entry
from autograder.classroom.marks import Record
from autograder.examiner.results import SubmissionResult
from autograder.examiner.sanitise import clean_markdown, clean_outputs

pytestmark = pytest.mark.browser
RUNS = "alert(1)"
LINKS = [
    r"javascript\:{}",
    r"javascript:{}",
    r"java\script:{}",
    r"vbscript\:{}",
    r"data\:text/html,<script>{}</script>",
]
PAYLOADS = [
    *(f"[the figure]({link.format(RUNS)})" for link in LINKS),
    *(f"[the figure](<{link.format(RUNS)}>)" for link in LINKS),
    *(f"[the figure][1]\n\n[1]: {link.format(RUNS)}" for link in LINKS),
    *(f"[the figure]\n\n[the figure]: <{link.format(RUNS)}>" for link in LINKS),
    *(f"<{link.format(RUNS)}>" for link in LINKS),
    r"[![x](attachment:a.png)](javascript\:alert\(1\))",
    r"[the figure](javascript\:alert\(1\))",
    "<img src=x onerror=alert(1)> <svg onload=alert(1)> <script>alert(1)</script>",
    "<details open ontoggle=alert(1)><summary>more</summary></details>",
    "```mermaid\n</pre><img src=x onerror=alert(1)>\n```",
    "- ~~~ mermaid\n  <script>alert(1)</script>",
    '~~~mermaid `\ngraph TD; A-->B; click A href "javascript:alert(1)"\n~~~',
    '```mermaid\n&lt;img src=x onerror=alert(1)&gt;\ngraph TD; A-->B; click A href "javascript:alert(1)"\n```',
    r"$\href{javascript:alert(1)}{x}$ $\mmlToken{mi}[href='javascript:alert(1)']{x}$ $<img src=x onerror=alert(1)>$",
    "$$\n<script>alert(1)</script>\n$$\n\n\\begin{a}<img src=x onerror=alert(1)>\\end{a}",
    '![x](https://evil.test/x.png "t\\" onerror=\\"alert(1)")',
    "<scr\x00ipt>alert(1)</script> <\x00img src=x onerror=alert(1)>",
    "| a |\n|---|\n| [x](javascript\\:alert\\(1\\)) |",
    "# [x](javascript\\:alert\\(1\\)) <b onclick=alert(1)>bold</b>",
    '`[x](javascript\\:alert\\(1\\))` <https://a.test/" onmouseover=alert(1)>',
]
OUTPUTS = [
    {"text/html": "<b onclick=alert(1)>bold</b><a href='javascript:alert(1)'>x</a><img src=x onerror=alert(1)>"},
    {"text/html": "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>"},
    {"text/html": "<b><p><svg><b><style><b><img src=x onerror=alert(1)></style></svg></b>"},
    {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain": "<script>"},
    {"text/latex": r"$\href{javascript:alert(1)}{x}$"},
    {"application/javascript": "alert(1)", "text/plain": "x"},
    *({"text/markdown": payload} for payload in PAYLOADS),
]


def hostile_notebook():
    cells = [new_markdown_cell(clean_markdown(payload)) for payload in PAYLOADS]
    told = [{"output_type": "display_data", "data": data} for data in OUTPUTS]
    told.append({"output_type": "stream", "name": "stdout", "text": "\x1b[31m<script>alert(1)</script>"})
    cells.append(new_code_cell("'<script>alert(1)</script>'", outputs=clean_outputs(told)))
    for number, cell in enumerate(cells):
        about = {"grade_id": f"c{number}", "grade": False, "solution": True, "locked": False, "schema_version": 3}
        cell.metadata["nbgrader"] = about | {"task": False}
    return new_notebook(cells=cells)


def by_formgrader(nb):
    """As nbgrader's formgrader shows it to the instructor, who marks it there."""
    templates = str(Path(formgrader.__file__).parent / "templates")
    config = Config({"HTMLExporter": {"extra_template_basedirs": [templates]}})
    exporter = HTMLExporter(config=config, template_name="formgrade")
    about = dict.fromkeys(("submission_id", "notebook_id", "assignment_id", "base_url", "student"), "x")
    about |= dict(index=0, total=1, notebook_path="x", first_name="", last_name="", mathjax_url="/MathJax.js")
    return exporter.from_notebook_node(nb, resources=about)[0]


def by_us(nb):
    """As the student reads it."""
    source = new_notebook(cells=[new_markdown_cell("# A", metadata=nb.cells[0].metadata)])
    result = SubmissionResult.without_grading("ada", "01-convolution", "graded", None, 4.0, "j", "0" * 64)
    return feedback.page(Entry(result, True, True), nb, source, Record())


@pytest.fixture(scope="module")
def serve():
    """A function: the address at which a page of HTML is served."""
    pages = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            page = pages.get(self.path)
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def served(name, page):
        pages[f"/{name}"] = page.encode()
        return f"http://127.0.0.1:{server.server_port}/{name}"

    yield served
    server.shutdown()


def what_ran(browser, address):
    """Open the page, click on everything that could be clicked; what ran, and how much was clicked."""
    page = browser.new_page()
    ran = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: ran.append(request.url) if "evil.test" in request.url else None)
    page.goto(address)
    links = page.evaluate("() => [...document.querySelectorAll('[href], [src], [action]')].map(e => e.href || e.src)")
    clicked = page.evaluate(  # a link to a page leads away from here, and runs nothing here
        """() => { const all = [...document.querySelectorAll('a, area, b, p, summary, svg, [onclick], [href], button')]
          .filter(e => !String(e.href || "").startsWith("http"));
          all.forEach(e => e.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true})));
          return all.length; }"""
    )
    rest(page, 300)
    page.close()
    return ran, clicked, [str(link).split(":")[0] for link in links]


@pytest.mark.parametrize("shown_by", [by_formgrader, by_us])
def test_nothing_of_a_students_work_runs(browser, serve, shown_by):
    ran, clicked, schemes = what_ran(browser, serve(shown_by.__name__, shown_by(hostile_notebook())))
    assert ran == [] and clicked > 0
    assert set(schemes) <= {"http", "https", "data"}


def test_the_payloads_would_run(browser, serve):
    """Uncleaned they do, so that the test above fails for what it says."""
    nb = new_notebook(cells=[new_markdown_cell(payload.replace("attachment:", "")) for payload in PAYLOADS])
    ran, _, schemes = what_ran(browser, serve("uncleaned", by_formgrader(nb)))
    assert ran.count("1") >= 5 and "javascript" in schemes
