"""The package that students import, as a wheel: `python -m autograder.student_wheel`, which is `make student-wheel`.

It holds `convcourse` alone. It goes into `dist/`, and beside each notebook in `assignments/`, so that nbgrader's
exchange hands it out, too; git ignores it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from autograder.release import RELEASED, ROOT
from convcourse.packages import PACKAGES


def project() -> dict[str, Any]:
    """The project's own table in pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def wheel_name() -> str:
    """The file name of the wheel of `convcourse`."""
    return f"convcourse-{project()['version']}-py3-none-any.whl"


def wheel(dist: Path = ROOT / "dist") -> Path:
    """Build the wheel of `convcourse`, a distribution of its own: nothing of the grader, nothing from a network."""
    about = project()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(ROOT / "convcourse", place / "convcourse", ignore=shutil.ignore_patterns("__pycache__"))
        (place / "LICENSE").write_bytes((ROOT / "LICENSE").read_bytes())
        (place / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n\n'
            f'[project]\nname = "convcourse"\nversion = "{about["version"]}"\n'
            'description = "What readers and students of the course on convolutions import."\n'
            f'requires-python = "{about["requires-python"]}"\nlicense = "MIT"\n'
            f"dependencies = {json.dumps(PACKAGES)}\n\n"
            '[tool.setuptools.packages.find]\ninclude = ["convcourse*"]\n\n'
            '[tool.setuptools.package-data]\n"*" = ["*.json", "*.txt", "*.npz", "*.png"]\n'
        )
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        subprocess.run([*command, "--wheel-dir", str(dist), str(place)], check=True)
    return dist / wheel_name()


def main() -> None:
    made = wheel()
    places = [made, *(Path(shutil.copy(made, folder)) for folder in sorted(RELEASED.iterdir()))]
    print("wrote " + ", ".join(str(place.relative_to(ROOT)) for place in places))


if __name__ == "__main__":
    main()
