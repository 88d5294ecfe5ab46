"""Comments that instructors write in formgrader, on the student's page."""

import re

import pytest

from autograder.classroom.written import markdown


def test_markdown_as_in_formgrader():
    html = markdown("Right but for the *border*:\nsee **this**\n\n- `stride`\n- 3 < 4 & so on\n\n|a|b|\n|-|-|\n|1|2|")
    assert "<em>border</em>" in html and "<strong>this</strong>" in html and "<br>" in html
    assert "<li><code>stride</code></li>" in html and "<li>3 &lt; 4 &amp; so on</li>" in html
    assert "<td>1</td>" in html


def test_formulas_are_drawn_and_named():
    html = markdown(r"With $p=\frac{k-1}{2}$ and $$\sigma^2$$ for 5$ each, and `$code$`.")
    assert re.findall(r'aria-label="([^"]*)"', html) == [r"p=\frac{k-1}{2}", r"\sigma^2"]
    assert html.count('<path d="M') == 2 and "5$ each" in html and "<code>$code$</code>" in html
    assert "NaN" not in html and "nan" not in html


@pytest.mark.parametrize("tex", [r"\nosuchcommand{x}", "{", "^", r"\frac{1}", "<script>alert(1)</script>", "~" * 3])
def test_a_formula_that_cannot_be_set_is_shown_as_it_was_written(tex):
    html = markdown(f"Here ${tex}$ is.")
    assert "<script" not in html and "Here" in html and "is." in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](javascript\\:alert(1))",
        "[a](data:text/html,x)",
        "![a](https://evil.test/x.png)",
        "<style>*{}</style><b onclick=alert(1)>x</b>",
        '$\\text{" onload="alert(1)}$',
    ],
)
def test_nothing_in_a_comment_acts_or_fetches(text):
    html = str(markdown(text))
    assert not re.search(r"<(script|img|style|b)\b", html)
    for attribute in re.findall(r'<[^>]*?\s(\w[\w-]*)="', html):
        assert not attribute.startswith("on")
    assert not re.search(r'href="(?!https?:|mailto:)', html)
