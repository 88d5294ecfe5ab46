"""What a shared link shows: each page's title and question, and a picture where the book's address is known."""

import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from docutils.core import publish_doctree
from PIL import Image, ImageStat

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import social  # noqa: E402

TOC = (ROOT / "_toc.yml").read_text()
PAGES = re.findall(r"(?:root|file): (book/[\w-]+)", TOC)
ADDRESS = "https://example.org/courses/convolutions"


def tags(text: str) -> dict[str, str]:
    """Names and contents of the tags in this HTML."""
    found = BeautifulSoup(text, "html.parser").find_all("meta")
    return {tag.get("property") or tag.get("name"): tag["content"] for tag in found if tag.get("content")}


def test_a_page_of_a_book_with_an_address():
    found = tags(social.tags("book/01-x", 'A "title" & more', "Why?", "Convolutions", ADDRESS + "/"))
    assert found["og:title"] == 'A "title" & more'
    assert found["og:description"] == found["description"] == "Why?"
    assert found["og:type"] == "article" and found["twitter:card"] == "summary_large_image"
    assert found["og:url"] == f"{ADDRESS}/book/01-x.html"
    assert found["og:image"] == f"{ADDRESS}/_static/social.jpg"


@pytest.mark.parametrize("address", ["", "../../../../html", "/srv/book", "file:///srv/book"])
def test_without_an_address_of_the_web_there_is_no_picture(address):
    found = tags(social.tags("book/index", "Start", "Why?", "Convolutions", address))
    assert not {"og:image", "og:url", "og:image:width"} & set(found)
    assert found["og:type"] == "website" and found["twitter:card"] == "summary"


def test_the_description_is_the_question_in_whole_sentences():
    asked = "**The question.** " + "What is a kernel? " * 20
    page = publish_doctree(f"Title\n=====\n\nBefore.\n\n{asked}\n\nMore.\n")
    found = social.description(page)
    assert 150 < len(found) <= social.LONGEST and set(found.split("? ")) == {"What is a kernel", "What is a kernel?"}
    assert (
        social.description(publish_doctree("Title\n=====\n\nOne line\nand *another*. More.\n"))
        == "One line and another. More."
    )


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_what_it_is_about(html, name):
    page = (html / f"{name}.html").read_text()
    found, soup = tags(page), BeautifulSoup(page, "html.parser")
    heading = soup.select_one("article h1")
    assert found["og:title"] in heading.get_text()  # a chapter's heading has its number, too
    assert len(re.findall('property="og:title"', page)) == len(re.findall('name="description"', page)) == 1
    assert 20 < len(found["description"]) <= 300
    question = soup.find("strong", string="The question.")
    if question:
        asked = question.parent.get_text().removeprefix(social.QUESTION).replace("\n", " ")
        assert asked.startswith(found["og:description"])
    assert question or not re.fullmatch(r"book/\d\d-[a-z]+", name), "a chapter asks a question"


def test_titles_are_not_said_twice(html):
    titles = [
        BeautifulSoup((html / f"{name}.html").read_text(), "html.parser").title.get_text().strip() for name in PAGES
    ]
    assert titles[0] == "Convolutions, from one kernel to segmentation"
    assert len(set(titles)) == len(PAGES)


def test_the_picture_is_light_and_shows_something():
    path = ROOT / "book" / "_static" / social.PICTURE
    picture = Image.open(path)
    assert picture.size == social.SIZE and path.stat().st_size < 200_000
    assert min(ImageStat.Stat(picture.convert("RGB")).stddev) > 30
