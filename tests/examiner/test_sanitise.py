"""What the instructor's formgrader shows of a student's work is rendered by nbconvert, and nothing in it acts."""

import re
import time
from html.parser import HTMLParser

import nbformat
import pytest
from growing import SUPERLINEAR, growth
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import markdown2html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.examiner import sanitise
from autograder.examiner.sanitise import TEXT_LIMIT, clean_html, clean_markdown, clean_outputs

ACTS = "script", "iframe", "object", "embed", "form", "input", "link", "meta", "svg", "style", "base", "math", "img"


class Found(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def assert_harmless(html):
    for tag, attributes in Found(html).tags:
        assert tag not in ACTS, (tag, attributes)
        for name, value in attributes.items():
            assert not name.startswith("on") and name != "style", (tag, name)
            if name in ("href", "src") and (scheme := re.match(r"[\s\x00-\x20]*([\w+.-]+):", value or "")):
                assert scheme[1] in ("http", "https", "attachment"), (tag, value)


MARKDOWN = [
    "<script>alert(1)</script>",
    "<script\n>alert(1)</script\n>",
    "<img src=x onerror=alert(1)>",
    "<!-- --><svg onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6a;avascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "![x](https://evil.test/x.png)",
    "!!![x](https://evil.test/x.png)",
    "![[x]](https://evil.test/x.png)",
    "![x\\]](https://evil.test/x.png)",
    "![`](attachment:a`)](https://evil.test/x.png)",
    "![x][1]\n\n[1]: https://evil.test/x.png",
    "[![x](attachment:a.png)](javascript:alert(1))",
    '![x](attachment:a.png "t\\" onerror=\\"alert(1)")',
    "![x](attachment:gone.png)",
    "![x](attachment:a%2epng)",
    "<style>*{display:none}</style>",
    "[x](javascript\\:alert(1))",
    "[x](vbscript\\:alert(1))",
    "[x](data\\:text/html,alert(1))",
    "[x](<javascript\\:alert(1)>)",
    "[x]\n\n[x]: javascript\\:alert(1)",
    "> [x]:\n> javascript\\:alert(1)\n\n[x][]",
    "<javascript\\:alert(1)>",
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    "- ~~~ mermaid\n  </pre><script>alert(1)</script>",
    "```\x00mermaid\n<\x00script>\n```",
    "~~~mermaid `\ngraph TD; A-->B; click A href 'https://a.test'\n~~~",
    "`<b>` and ```\n<script>\n```",
]


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_shows_and_does_nothing(text):
    assert_harmless(markdown2html(clean_markdown(text)))


def test_markdown_reads_as_before():
    text = "**Bold**, `a[i] < b`, $a < b$, 3 < 4, https://a.test, & so on:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert clean_markdown(text) == text
    assert clean_markdown("[link](https://a.test)") == "[link] (https://a.test)"
    assert clean_markdown("```python\nx[0] = 1\n```\n~~~ more words\n~~~") == "```\nx[0] = 1\n```\n~~~\nmore words\n~~~"
    assert clean_markdown("![p](attachment:a.png)", ["a.png"]) == "![p](attachment:a.png)"


def test_mathematics_cannot_link():
    for text in (
        clean_markdown(r"$\href{javascript:alert(1)}{x}$"),
        clean_html(r"<p>$\href{javascript:alert(1)}{x}$</p>"),
    ):
        assert r"\href" not in text
    for way in (r"\mmlToken{mi}[href='x:y']{x}", r"\require{html}", "\\h\x00ref{javascript:alert(1)}{x}"):
        assert not re.search(r"\\(mmlToken|require|href)", clean_markdown(f"${way}$").replace("\x00", ""))
    assert clean_markdown(r"$\left( \frac{\hat y}{\delta} \right)$") == r"$\left( \frac{\hat y}{\delta} \right)$"


HTML = [
    "<script>alert(1)</script>",
    '<table onclick="alert(1)"><tr><td style="position:fixed">1</td></tr></table>',
    '<a href="javascript:alert(1)">x</a><img src="https://evil.test/x"><style>*{}</style>',
    "<svg><script>alert(1)</script></svg><math><mtext><script>1</script></mtext></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><form action=x><input></form>",
    "<b>" * 30_000,
]


@pytest.mark.parametrize("markup", HTML)
def test_html_shows_and_does_nothing(markup):
    assert_harmless(clean_html(markup))


def test_a_table_stays_a_table():
    table = '<table><caption>t</caption><tbody><tr><th colspan="2">a &lt; b</th></tr></tbody></table>'
    assert clean_html(table) == table


def outputs():
    """Outputs as a hostile candidate might send them."""
    bundle = {
        "text/html": "".join(HTML[:5]),
        "text/markdown": "\n\n".join(MARKDOWN[:-4]),
        "text/latex": r"$\href{javascript:alert(1)}{x}$",
        "image/svg+xml": "<svg onload='alert(1)'><script>alert(1)</script></svg>",
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "image/png": 'AAAA" onerror="alert(1)',
        "text/plain": "<script>",
    }
    return [
        *(
            {"output_type": kind, "data": {mime: data}}
            for kind in ("display_data", "execute_result")
            for mime, data in bundle.items()
        ),
        {"output_type": "display_data", "data": bundle, "metadata": {"image/png": {"width": "1 onload=alert(1)"}}},
        {"output_type": "stream", "name": "stdout", "text": "\x1b[31m<script>\x1b[0m\x00\x07"},
        {
            "output_type": "error",
            "ename": "<script>",
            "evalue": "<script>",
            "traceback": ["<script>\x1b[0;31mE\x1b[0m"],
        },
        {"output_type": "error", "ename": 3, "evalue": None, "traceback": "x"},
        {"output_type": "update_display_data", "data": {"text/html": "<b>"}},
        {"output_type": "stream", "name": "<script>", "text": "x"},
        {"output_type": "stream", "name": "stdout", "text": ["a", 1]},
        {"data": {}},
    ]


def test_what_formgrader_would_show_is_harmless():
    """A picture counts as one that was fetched, so that none may be left from these."""
    cell = new_code_cell("print('<script>')", outputs=clean_outputs(outputs()))
    nb = new_notebook(cells=[cell, *(new_markdown_cell(clean_markdown(text)) for text in MARKDOWN)])
    nbformat.validate(nb)
    assert nbformat.reads(nbformat.writes(nb), as_version=4) == nb
    assert_harmless(HTMLExporter(template_name="basic").from_notebook_node(nb)[0])


def test_pictures_and_texts_stay():
    good = [
        {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=\n", "text/plain": "<Figure>"}},
        {"output_type": "stream", "name": "stdout", "text": "a\n\tb é ✓\n"},
    ]
    cleaned = clean_outputs(good)
    assert cleaned[0].data == good[0]["data"] and cleaned[1].text == good[1]["text"]


def test_a_progress_bar_leaves_its_last_state():
    (shown,) = clean_outputs([{"output_type": "stream", "name": "stderr", "text": "\r 0%\r50%\r100%\ndone\r\n"}])
    assert shown.text == "100%\ndone\n"


def test_an_output_is_bounded():
    for output in (
        {"output_type": "stream", "name": "stdout", "text": "x" * 10**7},
        {"output_type": "error", "ename": "E", "evalue": "x" * 10**7, "traceback": ["y"] * 10**5},
        {"output_type": "display_data", "data": {"text/html": "<i>x</i>" * 10**6}},
    ):
        (shown,) = clean_outputs([output])
        assert len(nbformat.writes(new_notebook(cells=[new_code_cell("", outputs=[shown])]))) < 3 * TEXT_LIMIT


def reopened(n):
    return "".join(f"<p><b t={i}>x" for i in range(n // 12))


MARKDOWN_GROWS = {
    "!": lambda n: "!" * n,
    "![": lambda n: "![" * (n // 2),
    "pictures that are not there": lambda n: "![a](attachment:" * (n // 16),
    "fences": lambda n: "> " * (n // 2) + "\n" + "`" * n,
}
HTML_GROWS = {
    "formatting that is opened again": reopened,
    "tags without an end": lambda n: "<a" * (n // 2),
    "lists within lists": lambda n: "<ul><li>" * (n // 8),
    "paragraphs": lambda n: "<p>" * (n // 3),
    "rows without an end": lambda n: "<table>" + "<tr><td>1" * (n // 9),
    "comments": lambda n: "<!--" * (n // 4),
    "tags that look like two": lambda n: "<div/</div>" * (n // 30) + "</p>" * (n // 8),
    "names with digits": lambda n: "<a1></a2>" * (n // 9),
    "rows in a drawing": lambda n: "<svg>" + "<tr>" * (n // 8) + "</q>" * (n // 8),
}


DEEP = {
    "plain": "<div>" * 200,
    "tags that look like two": "<div/</div>" * 200,
    "names with digits": "<h1></h2>" * 200,
    "rows in a drawing": "<svg>" + "<tr>" * 200,
    "behind a comment": "<!-- <b title=' -->" + "<div>" * 200 + "'>",
}


@pytest.mark.parametrize("what", DEEP)
def test_what_is_nested_deeper_than_a_page_can_be_is_not_shown(what):
    assert "not shown" in clean_html(DEEP[what])


def test_a_fences_info_is_gone_whatever_it_holds():
    assert "mermaid" not in clean_markdown("~~~mermaid\nx\n~~~")
    assert 'class="mermaid"' not in markdown2html(clean_markdown("~~~mermaid `\ngraph TD; A-->B\n~~~"))


@pytest.mark.parametrize("what", MARKDOWN_GROWS)
def test_markdown_is_cleaned_in_one_pass(what, monkeypatch):
    monkeypatch.setattr(sanitise, "MARKDOWN_LIMIT", 10**9)
    assert growth(lambda n: clean_markdown(MARKDOWN_GROWS[what](n)), 4000) < SUPERLINEAR


@pytest.mark.parametrize("what", HTML_GROWS)
def test_html_is_cleaned_in_one_pass_and_does_not_grow(what):
    assert growth(lambda n: clean_html(HTML_GROWS[what](n)), 5000) < SUPERLINEAR
    html = HTML_GROWS[what](20_000)
    assert len(clean_html(html)) < 4 * len(html)


def test_a_large_table_is_shown_and_a_tower_is_not():
    row = "<tr>" + "<td><b>0.25</b></td>" * 20 + "</tr>"
    table = f'<div><style>a</style><table border="1" class="dataframe"><tbody>{row * 60}</tbody></table></div>'
    assert clean_html(table).count("<td><b>0.25</b></td>") == 1200
    assert "is not shown" in clean_html("<div>" * 1000 + "x")


def test_markdown_and_latex_are_shown_as_their_text():
    (shown,) = clean_outputs(
        [{"output_type": "display_data", "data": {"text/markdown": "[x](y)", "text/plain": "<Markdown object>"}}]
    )
    assert shown.data == {"text/plain": "[x](y)"}


def test_a_long_answer_is_shown_up_to_a_length():
    shown = clean_markdown("word " * 10_000)
    assert len(shown) < 17_000 and shown.endswith("more characters)")


def test_nbconvert_renders_what_is_left_in_time():
    """Its reader of markdown has patterns of its own that grow with the square; the length bounds them."""
    for text in (r"\\[ " * 20_000, "[" * 90_000, "> - " * 20_000, "$a " * 30_000):
        start = time.process_time()
        markdown2html(clean_markdown(text))
        assert time.process_time() - start < 8
