"""Code is coloured where that is cheap, and shown in any case; whatever it is, it is text."""

import pytest
from growing import SUPERLINEAR, growth

from autograder.examiner.colouring import COLOURED, SHOWN, coloured

SOURCES = {
    "blank lines": lambda n: "x = 1" + " \n" * (n // 2) + "x",
    "texts without an end": lambda n: 'x\n"""' * (n // 5),
    "words": lambda n: "a " * (n // 2),
    "brackets": lambda n: "f(" * (n // 2),
}


@pytest.mark.parametrize("what", SOURCES)
def test_code_is_coloured_in_time_that_grows_with_its_length(what):
    assert growth(lambda n: coloured(SOURCES[what](n)), COLOURED // 16, tries=3) < SUPERLINEAR
    assert len(coloured(SOURCES[what](COLOURED))) < 40 * COLOURED


def test_short_code_has_colours_and_long_code_has_none():
    code = "def f(x):\n    return x < 1\n"
    assert '<span class="k">def</span>' in coloured(code)
    long = coloured(code * 1000)
    assert "span" not in long and "return x &lt; 1" in long and long.startswith('<div class="code"><pre>')
    assert "more characters" in coloured("x" * (SHOWN + 1)) and len(coloured("<" * 10**6)) < 5 * SHOWN


@pytest.mark.parametrize("times", [1, 2000])
def test_code_is_text(times):
    assert "<script" not in coloured("<script>alert(1)</script>\n" * times)
