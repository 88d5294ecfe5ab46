"""What a course gives its students, in ``dist/student/``: ``make student-repo``.

The repository holds the solutions and the hidden tests, so students get this folder instead: the assignments, the
chapters' notebooks with what they import, and the wheel of `convcourse`. It can become a repository of its own.
"""

import shutil
import sys
from pathlib import Path

import page_notebooks

from autograder import release
from autograder.classroom.places import COURSE

ROOT = Path(__file__).resolve().parents[1]
README = """# Convolutions

    python -m venv .venv
    .venv/bin/pip install jupyterlab nbgrader drawsvg {wheel}
    .venv/bin/jupyter lab

- `assignments/`: one notebook each. `.venv/bin/python -m convcourse check <notebook>` says whether it is ready.
- `notebooks/`: pages of the book, to run and to change.
"""

NBGRADER = f"""# For nbgrader's commands, started in this folder. COURSE_EXCHANGE names the exchange.
import os

c = get_config()
c.CourseDirectory.course_id = "{COURSE}"
if os.environ.get("COURSE_EXCHANGE"):
    c.Exchange.root = os.path.expanduser(os.environ["COURSE_EXCHANGE"])
"""


def write(folder: Path) -> None:
    """Makes the folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "assignments", folder / "assignments", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    packed = shutil.ignore_patterns("*.zip", "convcourse", "__pycache__")  # the package comes as a wheel
    shutil.copytree(page_notebooks.OUT, folder / "notebooks", ignore=packed)
    wheel = release.wheel(folder)
    (folder / "README.md").write_text(README.format(wheel=wheel.name))
    (folder / "nbgrader_config.py").write_text(NBGRADER)
    shutil.copy(ROOT / "LICENSE", folder)


def main() -> int:
    folder = ROOT / "dist" / "student"
    write(folder)
    print(f"wrote {folder.relative_to(ROOT)}: give students this folder, not the repository.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
