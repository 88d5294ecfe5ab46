"""Builds the book into ``_build/html``; a warning is an error. ``python book/build.py``, or ``make book``.

The first build runs all cells (some minutes: networks are trained); later ones run the cells of changed pages only.
"""

import fcntl
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
COMMAND = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
OPTIONS = ["build", ".", "--warningiserror", "--keep-going", "--quiet"]


def build() -> int:
    """The exit code of the build: 0 when no page had a warning."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".book.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make demo` and the tests may want the book at the same time
        code = subprocess.run([*COMMAND, *OPTIONS], cwd=ROOT).returncode
        if code:
            # Sphinx would call the next build a success: it warns about pages when it reads them, and it has read them.
            shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    return code


def main() -> int:
    print("Building the book (the first time, its cells run: some minutes) …", flush=True)
    start = time.monotonic()
    code = build()
    if code:
        print("The book has warnings or errors, above. Mend them and build again.", file=sys.stderr)
        return code
    print(f"_build/html/index.html is up to date ({time.monotonic() - start:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
