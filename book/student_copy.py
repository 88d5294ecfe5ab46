"""What a course gives its students, in ``dist/student/``: ``make student-repo``.

The repository holds the solutions and the hidden tests, so students get this folder instead: the book, the assignments,
the chapters' notebooks with what they import, and the wheel of `convcourse`. It can become a repository of its own.
"""

import shutil
import sys
from pathlib import Path

import page_notebooks

from autograder import student_wheel
from autograder.classroom.places import COURSE

ROOT = Path(__file__).resolve().parents[1]
TEXT = ROOT / "book" / "student-readme.md"
IGNORED = ".venv/\n.ipynb_checkpoints/\n__pycache__/\n"

NBGRADER = f"""# For nbgrader's commands, started in this folder. COURSE_EXCHANGE names the exchange.
import os
from pathlib import Path

from nbgrader.exchange.default import ExchangeFetchFeedback


class FetchFeedback(ExchangeFetchFeedback):
    # nbgrader looks for a page by the names of the notebooks that lay directly in the folder that was handed in. Where
    # there was none, but one a folder too deep, this also looks by the assignment's name, which every page has.
    def init_src(self):
        for submission in Path(self.cache, self.coursedir.course_id).glob("*+*+*"):
            if not any(submission.glob("*.ipynb")):
                Path(submission, submission.name.split("+")[1] + ".ipynb").touch()
        super().init_src()


c = get_config()
c.ExchangeFactory.fetch_feedback = FetchFeedback
c.CourseDirectory.course_id = "{COURSE}"
if os.environ.get("COURSE_EXCHANGE"):
    c.Exchange.root = os.path.expanduser(os.environ["COURSE_EXCHANGE"])
"""


def write(folder: Path) -> None:
    """Makes the folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(page_notebooks.SITE, folder / "book")
    beside = shutil.ignore_patterns(".ipynb_checkpoints", "*.whl")
    shutil.copytree(ROOT / "assignments", folder / "assignments", ignore=beside)
    packed = shutil.ignore_patterns("*.zip", "convcourse", "__pycache__")  # the package comes as a wheel
    shutil.copytree(page_notebooks.OUT, folder / "notebooks", ignore=packed)
    wheel = student_wheel.wheel(folder)
    text = TEXT.read_text(encoding="utf-8").replace("WHEEL", wheel.name)
    (folder / "README.md").write_text(text, encoding="utf-8")
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(NBGRADER, encoding="utf-8")
    shutil.copy(ROOT / "LICENSE", folder)


def main() -> int:
    folder = ROOT / "dist" / "student"
    write(folder)
    print(f"wrote {folder.relative_to(ROOT)}: give students this folder, not the repository.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
