"""`autograder doctor` looks at what is set up for a class, beside the machine."""

import os

import pytest

from autograder.classroom import book_links, prepared
from autograder.classroom.errors import UserError
from autograder.exam.assignment import assignment
from autograder.objects.assignments import ASSIGNMENTS
from autograder.release import source_notebook, to_text


def by_layer(folder=None):
    return {check.layer: check for check in prepared.prepared(folder)}


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path_factory):
    """A course.toml of this test's own; a function that writes it."""
    file = tmp_path_factory.mktemp("course") / "course.toml"
    monkeypatch.setattr(book_links, "SETTINGS", file)
    monkeypatch.delenv("COURSE_BOOK_URL", raising=False)
    monkeypatch.delenv("COURSE_EXCHANGE", raising=False)
    file.write_text('book_url = ""')
    return file.write_text


def test_a_class_folder_and_its_key_are_for_one_person(folder):
    os.chmod(folder.root, 0o700)
    assert by_layer(folder.root)["class folder"].verdict == "PASS"
    os.chmod(folder.root, 0o755)
    folder.key()
    found = by_layer(folder.root)
    assert found["class folder"].verdict == "CAUTION" and f"chmod o-rwx {folder.root}" in found["class folder"].mend
    assert found["course key"].verdict == "PASS"
    os.chmod(folder.root / "course.key", 0o644)
    assert by_layer(folder.root)["course key"].mend == f"chmod 600 {folder.root / 'course.key'}"


def test_what_is_no_class_folder_is_said_with_the_line_that_makes_one(tmp_path):
    check = by_layer(tmp_path / "new")["class folder"]
    assert check.verdict == "CAUTION" and check.mend == f"mkdir -p -m 700 {tmp_path / 'new' / 'submitted'}"
    assert by_layer()["class folder"].verdict == "PASS"


def test_an_exchange_is_open_to_everyone(tmp_path, monkeypatch):
    assert by_layer()["exchange"].verdict == "PASS"
    place = tmp_path / "exchange"
    monkeypatch.setenv("COURSE_EXCHANGE", str(place))
    with monkeypatch.context() as reachable:
        reachable.setattr(prepared.places, "closed_to_students", lambda _: None)
        check = by_layer()["exchange"]
    assert check.verdict == "PASS" and "`nbgrader release_assignment` makes it" in check.found
    place.mkdir(mode=0o755)
    check = by_layer()["exchange"]
    assert check.verdict == "CAUTION" and "chmod" in check.mend


def test_the_books_address_is_read_from_a_file_that_rebuilds_nothing(settings, monkeypatch):
    check = by_layer()["the book's address"]
    assert check.verdict == "CAUTION" and "no links" in check.found and "book_url" in check.mend
    settings('book_url = "https://course.test/"')
    assert by_layer()["the book's address"].found == book_links.book_url() == "https://course.test"
    monkeypatch.setenv("COURSE_BOOK_URL", "https://other.test/")
    assert book_links.book_url() == "https://other.test"
    makefile = (book_links.Path(__file__).resolve().parents[2] / "Makefile").read_text()
    assert "course.toml" not in makefile


def test_without_an_address_there_is_no_link():
    assert book_links.mistake_link("", "01-convolution", "flipped-kernel") is None
    link = book_links.mistake_link("b", "01-convolution", "flipped-kernel")
    assert link == "b/book/01-convolution.html#mistake-01-convolution-flipped-kernel"
    assert book_links.mistake_link("b", "01-x", "m") is None, "the book has no such chapter"
    assert book_links.mistake_link("b", "01-convolution", "m") is None, "the chapter has no such box"


def test_titles_come_from_the_chapters_sources(tmp_path, monkeypatch):
    monkeypatch.setattr(book_links, "BOOK", tmp_path)
    book_links._titles.cache_clear()
    (tmp_path / "01-x.md").write_text(
        "(mistake-01-x-a)=\n(mistake-01-x-b-c)=\n```{mistake} the “border” \n:open:\n```\n"
    )
    (tmp_path / "01-x-more.md").write_text(
        "(mistake-01-x-d)=\n````{mistake} None\n````\n(mistake-01-x-e)=\n## A heading\n"
    )
    titles = [book_links.mistake_title("01-x", name) for name in ("a", "b-c", "d", "e")]
    assert titles == ["The “border”", "The “border”", "None", None]
    book_links._titles.cache_clear()


@pytest.mark.parametrize("name", [name for name in ASSIGNMENTS if (book_links.BOOK / f"{name}.md").is_file()])
def test_every_mistake_that_feedback_names_has_a_title(name):
    ids = assignment(name).sentences
    titles = {mistake: book_links.mistake_title(name, mistake) for mistake in ids}
    assert not (without := [mistake for mistake, title in titles.items() if not title]), without
    assert all(title[0].isupper() or not title[0].isalpha() for title in titles.values())


@pytest.mark.parametrize("text, said", [("book_url = [", "cannot be read"), ("book_url = 3", "quotation marks")])
def test_a_broken_settings_file_is_named(settings, text, said):
    settings(text)
    with pytest.raises(UserError, match=f"course.toml.*{said}"):
        book_links.book_url()


def test_notebooks_that_are_older_than_their_text_are_named(tmp_path, monkeypatch):
    text = (prepared.SOLUTIONS / "01-convolution.py").read_text()
    built = tmp_path / "01-convolution.ipynb"
    built.write_text(to_text(source_notebook(text)))
    monkeypatch.setattr(prepared, "SOLUTIONS", tmp_path)
    monkeypatch.setattr(prepared, "source_of", lambda name: tmp_path / f"{name}.ipynb")
    (tmp_path / "01-convolution.py").write_text(text)
    assert by_layer()["notebooks"].verdict == "PASS"
    (tmp_path / "01-convolution.py").write_text(text + "\n# %%\n1\n")
    (tmp_path / "09-mine.py").write_text("# %%\n1\n")
    check = by_layer()["notebooks"]
    assert check.verdict == "CAUTION" and "01-convolution, 09-mine" in check.found and check.mend == "make assignments"
