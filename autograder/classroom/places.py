"""Where a class lies, and through which folder it is handed out and collected: two variables are all the set-up.

`COURSE_CLASS` names the class folder, `COURSE_EXCHANGE` the exchange. `autograder` and nbgrader's configuration read
both here. The class folder is for the instructor alone; the exchange is open to everyone, as nbgrader wants it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from shlex import quote

COURSE = "convolutions"  # nbgrader's name for the course, and for its folder in the exchange
EVERYONE = 0o777
# nbgrader's commands that work with the exchange, on the instructor's side.
EXCHANGING = "release_assignment", "collect", "release_feedback", "list"
OF_A_CLASS = "collect", "zip_collect", "autograde", "generate_feedback", "release_feedback", "export", "db"
NO_CLASS = (
    "COURSE_CLASS is not set, so this is about the demo's class, _build/demo. Name your own: "
    "export COURSE_CLASS=$HOME/classes/2026"
)
SYSTEM_WIDE = Path("/usr/local/share/nbgrader/exchange")  # nbgrader's own, where none is named
_advised: set[str] = set()


def class_folder() -> Path | None:
    """The class folder that `COURSE_CLASS` names, None where it names none."""
    return _named("COURSE_CLASS")


def exchange() -> Path | None:
    """The exchange that `COURSE_EXCHANGE` names, None where it names none."""
    return _named("COURSE_EXCHANGE")


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    return Path(value).expanduser().absolute() if value else None


def made(folder: Path) -> str | None:
    """Make a class folder, for its owner alone, where there is none. Return a sentence that says so, None where it
    stood."""
    if folder.is_dir():
        return None
    try:
        folder.mkdir(mode=0o700, parents=True)
        (folder / "submitted").mkdir()
    except OSError as error:
        return (
            f"The class folder {folder} cannot be made: {error.strerror}. Take a folder of your own, or have it made: "
            f"install -d -m 700 -o $USER {quote(str(folder))}"
        )
    return f"Made the class folder {folder}, which you alone can read."


def open_to_others(folder: Path) -> str | None:
    """A sentence where others on this machine can look into a class folder, and the line that closes it."""
    if stat.S_IMODE(folder.stat().st_mode) & 0o007:
        return f"Others on this machine can read the class folder. Close it: chmod o-rwx {quote(str(folder))}"
    return None


def closed_to_students(folder: Path | None) -> str | None:
    """A sentence where students cannot use the exchange, and the line that opens it; None where they can. An exchange
    that is not there, below a folder that one can write, is made by `nbgrader release_assignment`."""
    place = folder or SYSTEM_WIDE
    line = f"install -d -m 777 {quote(str(place))}"
    if folder is None and not place.is_dir():
        return (
            "There is no exchange. Name a folder that everyone on this machine can reach, and make it: "
            "export COURSE_EXCHANGE=/srv/exchange && install -d -m 777 $COURSE_EXCHANGE"
        )
    above = next(parent for parent in (place, *place.parents) if parent.is_dir())
    for parent in reversed([above, *above.parents]):
        if parent != place and not stat.S_IMODE(parent.stat().st_mode) & stat.S_IXOTH:
            return (
                f"Students cannot reach the exchange {place}, because {parent} is closed to others. Take a folder "
                f"outside of it, or let others pass: chmod o+x {quote(str(parent))}"
            )
    if not place.is_dir():
        return None if os.access(above, os.W_OK) else f"The exchange {place} is not there. Make it: {line}"
    if stat.S_IMODE(place.stat().st_mode) & EVERYONE != EVERYONE:
        return f"Not everyone can write into the exchange {place}. Open it: chmod 777 {quote(str(place))}"
    return None


def advice(command: str) -> list[str]:
    """What to tell whoever starts this command of nbgrader's, once in a process: it reads its settings several times.
    The class folder is made on the way."""
    if command in _advised:
        return []
    _advised.add(command)
    folder = class_folder()
    told = [made(folder) if folder else NO_CLASS if command in OF_A_CLASS else None]
    if command in EXCHANGING:
        told.append(closed_to_students(exchange()))
    return [sentence for sentence in told if sentence]
