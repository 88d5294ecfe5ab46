"""Where a notebook lies: at its place, or near it by an accident; and what is none."""

import io
import zipfile

import pytest

from autograder.classroom import finding
from autograder.classroom.finding import find
from autograder.examiner.intake import Unreadable

NAME = "01-convolution"
RIGHT = f"{NAME}/{NAME}.ipynb"


def archive(*names, method=zipfile.ZIP_DEFLATED, data=b"zipped"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as file:
        for name in names:
            file.writestr(name, data)
    return packed.getvalue()


@pytest.fixture
def student(tmp_path):
    """A function that lays files into a student's folder, and the folder."""

    def lay(**files):
        for name, data in files.items():
            path = tmp_path / "ada" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / "ada"

    return lay


def test_at_its_place_there_is_nothing_to_tell(student):
    found = find(student(**{RIGHT: b"mine", f"{NAME}/notes.txt": b"", f"{NAME}/scratch.ipynb": b""}), NAME)
    assert found.notebook.read() == b"mine" and found.told == () and found.problem is None


@pytest.mark.parametrize(
    "place",
    [
        f"{NAME}/{NAME} (1).ipynb",
        f"{NAME}/Homework.ipynb",
        f"{NAME}/{NAME}/{NAME}.ipynb",
        f"{NAME}.ipynb",
        f"{NAME} (2).ipynb",
        f"handed in/{NAME}/{NAME}.ipynb",
    ],
)
def test_near_its_place_it_is_taken_and_told(student, place):
    found = find(
        student(**{place: b"mine", f"{place.rpartition('/')[0] or '.'}/.ipynb_checkpoints/{NAME}.ipynb": b""}), NAME
    )
    assert found.notebook.read() == b"mine" and found.problem is None
    (said,) = found.told
    assert said == f"`{place}` was found where `{RIGHT}` was expected. It was graded all the same."
    folder, _, name = place.removesuffix(".ipynb").rpartition("/")
    assert found.names == ((name,) if folder == NAME else ())


@pytest.mark.parametrize("place", [f"{NAME}/{NAME}.zip", f"{NAME}/work.ZIP", f"{NAME}.zip"])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_in_an_archive_it_is_taken_and_told(student, place, method):
    packed = archive(f"a/{NAME}.ipynb", f"__MACOSX/a/._{NAME}.ipynb", "a/.DS_Store", method=method)
    found = find(student(**{place: packed}), NAME)
    assert found.names == () and found.notebook.read() == b"zipped"
    assert f"`a/{NAME}.ipynb` in `{place}` was found" in found.told[0]


def test_several_are_listed_and_none_is_taken(student):
    names = [f"{NAME}/{NAME} ({n}).ipynb" for n in range(1, 9)]
    found = find(student(**dict.fromkeys(names, b"mine")), NAME)
    assert found.told == () and found.problem.startswith(f"Several notebooks were found, and none is `{RIGHT}`: ")
    assert f"`{names[0]}`" in found.problem and "and 3 more" in found.problem
    assert found.names == tuple(f"{NAME} ({n})" for n in range(1, 6)), "the student can look the page up by any"


def test_what_lies_there_instead_is_named(student):
    folder = student(**{f"{NAME}/answers.pdf": b"", f"{NAME}/timestamp.txt": b""})
    assert f"Only `answers.pdf`, `timestamp.txt` were found where `{RIGHT}` was expected." in find(folder, NAME).problem
    (folder / "06-segmentation").mkdir()
    assert "Nothing was found where" in find(folder, "06-segmentation").problem


@pytest.mark.parametrize("files", [{}, {"06-segmentation/06-segmentation.ipynb": b""}, {"homework.ipynb": b""}])
def test_nothing_of_the_assignment_is_no_submission(student, files, tmp_path):
    (tmp_path / "ada").mkdir()
    assert find(student(**files) if files else tmp_path / "ada", NAME) is None


def test_a_copy_beside_the_one_that_counts_is_told(student):
    found = find(student(**{RIGHT: b"untouched", f"{NAME}/{NAME} (1).ipynb": b"written"}), NAME)
    assert found.notebook.read() == b"untouched"
    assert found.told == (f"`{NAME}.ipynb` was graded. Beside it lay `{NAME} (1).ipynb`, which was not looked at.",)


def test_links_are_not_followed(student, tmp_path):
    folder = student(**{f"{NAME}/notes.txt": b""})
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(b"secret")
    (folder / NAME / "a.ipynb").symlink_to(secret)
    (folder / NAME / "b").symlink_to(tmp_path)
    found = find(folder, NAME)
    assert "`a.ipynb`, `b`, `notes.txt`" in found.problem


def test_names_are_told_so_that_nothing_obeys_them(student):
    found = find(student(**{f"{NAME}/\x1b[2J`{'x' * 200}.ipynb": b""}), NAME)
    assert found.told[0].isprintable() and found.told[0].count("`") == 4 and len(found.told[0]) < 300


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x05\x06" + b"\xff" * 18,
        archive("a.ipynb")[:-5],
        archive("a.ipynb", method=zipfile.ZIP_LZMA),
        archive(*(f"{n}.txt" for n in range(3000)), "a.ipynb"),
    ],
)
def test_what_is_no_archive_or_a_costly_one_holds_nothing(student, data):
    assert "Only `work.zip` was found" in find(student(**{f"{NAME}/work.zip": data}), NAME).problem


def test_a_bomb_in_an_archive_is_read_no_further_than_a_notebook_goes(student, monkeypatch):
    found = find(student(**{f"{NAME}/work.zip": archive("a.ipynb", data=b" " * (33 << 20))}), NAME)
    with pytest.raises(Unreadable, match="larger than"):
        found.notebook.read()


def test_a_member_that_lies_about_itself_is_unreadable(student):
    packed = bytearray(archive("a.ipynb", method=zipfile.ZIP_STORED))
    packed[packed.index(b"zipped")] ^= 1  # the checksum fails
    with pytest.raises(Unreadable, match="Hand in the notebook itself"):
        find(student(**{f"{NAME}/work.zip": bytes(packed)}), NAME).notebook.read()


def test_little_of_a_full_folder_is_looked_at(student, monkeypatch):
    monkeypatch.setattr(finding, "ENTRIES", 20)
    files = {f"{NAME}/{n:03}/{m}.txt": b"" for n in range(10) for m in range(10)}
    folder = student(**files, **{f"{NAME}/zzz.ipynb": b""})
    problem = find(folder, NAME).problem
    assert "zzz" not in problem and "found" in problem
    deep = folder / "06-segmentation" / "/".join("abcdefgh")
    deep.mkdir(parents=True)
    (deep / "06-segmentation.ipynb").write_bytes(b"")
    assert find(folder, "06-segmentation").told == ()
