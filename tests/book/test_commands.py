"""No command stands on a page that nobody ever runs: each is run by the test that this table names."""

import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "book/instructors-guide.md", "book/how-to-submit.md"]
TERM, RELEASE = "tests/grading_a_class/test_term.py", "tests/assignments/test_release.py"
PLATFORMS = "tests/grading_a_class/test_platforms.py"
RUN_BY = {
    **dict.fromkeys(
        (
            *("autograder doctor", "autograder grade", "autograder report", "autograder extension"),
            *("nbgrader release_assignment", "nbgrader fetch_assignment", "nbgrader submit", "nbgrader collect"),
            *("nbgrader db assignment add", "nbgrader db student add", "nbgrader export"),
            *("nbgrader release_feedback", "nbgrader fetch_feedback", "install", "export"),
        ),
        f"{TERM}::test_a_term_as_it_is_printed",
    ),
    **dict.fromkeys(
        ("autograder explain", "autograder forget", "nbgrader db student remove", "tar"),
        f"{TERM}::test_an_instructor_looks_at_a_case_and_keeps_a_backup",
    ),
    "nbgrader db student import": f"{PLATFORMS}::test_the_roster_is_imported",
    "nbgrader zip_collect": f"{PLATFORMS}::test_archives_of_both_are_collected_and_nobody_hands_in_for_another",
    "jupyter lab": f"{TERM}::test_formgrader_is_where_the_guide_says",
    "nbgrader autograde": "tests/examiner/test_preprocessor.py::test_nbgrader_autograde_asks_the_same_examiner",
    "nbgrader generate_feedback": "tests/grading_a_class/test_run.py::test_nbgraders_own_commands_work_on_the_result",
    "python case.py": "tests/examiner/test_snippets.py::test_a_snippet_makes_the_case_again",
    "python -m convcourse check": "tests/convcourse/test_check.py::test_ready",
    "python -m http.server": "tests/book/test_commands.py::test_the_book_is_served_as_the_readme_says",
    "make assignments": f"{RELEASE}::test_what_is_checked_in_is_what_solutions_say",
    "make book": "tests/book/test_sites.py::test_readers_find_nothing_of_the_exams",
    "make notebooks": "tests/book/test_sites.py::test_a_notebook_is_clean",
    "make student-repo": "tests/book/test_sites.py::test_students_get_neither_solutions_nor_exams",
    "make student-wheel": f"{RELEASE}::test_the_wheel_holds_what_students_import_and_nothing_else",
}
NOT_RUN = {
    "make test": "runs this test",
    "make demo": "grades a class of 24 three times, which takes minutes; contributors run it for the guide's pictures",
    "make bench": "measures for minutes; its table in the README is what it wrote",
    "apt install": "changes the machine",
    **dict.fromkeys(("limactl start", "limactl shell", "multipass launch", "multipass shell"), "makes a machine"),
    **dict.fromkeys(
        ("podman build", "podman run"), "needs a container engine; tests/project/test_deploy.py reads its file"
    ),
}
PROGRAMS = (
    "autograder|nbgrader|make|jupyter|python|pip|install|tar|export|apt|git|curl|mkdir|chmod|"
    "docker|podman|limactl|multipass"
)


def commands(page):
    """What a page tells to type, in fences and within lines, without `.venv/bin/`."""
    text = (ROOT / page).read_text(encoding="utf-8")
    fences = re.findall(r"^```(?:bash|sh)\n(.*?)^```", text, re.M | re.S)
    fenced = [re.sub(r"(^|\s+)# .*", "", line) for fence in fences for line in fence.splitlines()]
    inline = re.findall(r"(?<!`)`((?:\.venv/bin/)?(?:[a-z]+) [^`\n]+)`(?!`)", text)
    for line in (*fenced, *inline):
        for command in re.split(r"&&|\|", line):
            words = command.strip().removeprefix(".venv/bin/").split()
            if words and (line in fenced or re.fullmatch(PROGRAMS, words[0])):
                yield words


def key(words):
    """A command without its arguments."""
    if words[:2] == ["nbgrader", "db"]:
        return " ".join(words[:4])
    if words[:2] == ["python", "-m"]:
        return " ".join(words[: 4 if words[2] == "convcourse" else 3])
    return " ".join(words[: 1 if words[0] in ("install", "tar", "export") else 2])


def test_each_command_on_a_page_is_run_by_a_test():
    shown = {key(words): page for page in PAGES for words in commands(page)}
    assert not (unknown := {name: page for name, page in shown.items() if name not in {*RUN_BY, *NOT_RUN}}), unknown
    assert not (gone := {*RUN_BY, *NOT_RUN} - shown.keys()), f"no page shows {gone}"


@pytest.mark.parametrize("name", RUN_BY)
def test_the_test_of_a_command_is_there(name):
    file, _, test = RUN_BY[name].partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert f"\ndef {test}(" in text
    if not name.startswith("make "):
        assert name.split()[-1] in text, f"{file} does not run `{name}`"


def test_each_program_of_a_fence_is_one_of_the_courses_or_the_systems():
    for page in PAGES:
        for words in commands(page):
            assert re.fullmatch(PROGRAMS, words[0]), f"{page}: {' '.join(words)}"


def test_the_book_is_served_as_the_readme_says(tmp_path):
    (line,) = {" ".join(words) for words in commands("README.md") if "http.server" in words}
    (tmp_path / "index.html").write_text("the book")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = line.replace("_build/html", str(tmp_path)).split()[1:]
    with subprocess.Popen([sys.executable, "-u", *words, str(port)], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert "Serving HTTP" in server.stdout.readline()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=30) as page:
                assert page.read() == b"the book"
        finally:
            server.terminate()
