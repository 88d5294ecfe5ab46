"""Names that came from a disk: how they are shown, and which can be a student's."""

from __future__ import annotations

import unicodedata

LONGEST_ID = 128  # the gradebook's column
LONGEST_NAME = 200  # bytes of a page's name, where a file's may have 255
# Made by tools and archives, never handed in.
DEBRIS = {".ipynb_checkpoints", "__MACOSX"}


def printable(name: str) -> str:
    """A file name as text that any terminal, JSON reader and page can take."""
    return "".join(c if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF else f"\\x{ord(c):02x}" for c in name)


def is_debris(name: str) -> bool:
    """Was a file or folder of this name made by a tool? (`._name` is what macOS puts beside `name` in an archive.)"""
    return name in DEBRIS or name.startswith("._")


def can_name_a_page(name: str) -> bool:
    """Can a notebook's name, without its extension, be that of its feedback page?"""
    return name.isprintable() and not name.startswith(".") and 0 < len(name.encode()) <= LONGEST_NAME


def student_id(name: str) -> str:
    """The id of the student whose folder has this name. Of a letter's two forms in Unicode it has the composed one, as
    rosters do; macOS writes the other."""
    return unicodedata.normalize("NFC", printable(name))


def student_id_refusal(name: str) -> str | None:
    """Why a folder of this name can be no student's, or None."""
    why = unfit_for_an_id(name)
    return f"The folder's name can be no student's: {why}. Rename the folder under submitted/." if why else None


def unfit_for_an_id(name: str) -> str | None:
    """What makes a name no student's id, or None. nbgrader splits names at `+` and globs `*`, `?` and `[`."""
    if not name:
        why = "it is empty"
    elif name != name.strip() or not name.isprintable():
        why = "it holds spaces at an end or characters that cannot be printed"
    elif name.startswith("."):
        why = "it starts with a dot"
    elif any(c in name for c in "+*?[]{}/\\"):
        why = "it holds one of + * ? [ ] { } / \\"
    elif len(name) > LONGEST_ID:
        why = f"it is longer than {LONGEST_ID} characters"
    else:
        return None
    return why
