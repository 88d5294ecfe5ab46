"""People of a class, each with an account and an empty home of their own, who type what the pages show."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ".venv/bin/"
# Accounts that Debian has, nobody logs in with, and that own nothing.
ACCOUNTS = {"instructor": "mail", "ada": "games", "ben": "news"}


def commands(page: str, under: str | None = None) -> list[str]:
    """The shell commands that a page of the book, or another file, shows in fences, without comments."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if under:
        text = re.split(r"^## ", text[text.index(f"## {under}\n") + 3 :], maxsplit=1, flags=re.M)[0]
    fences = re.findall(r"^```(?:bash|sh)\n(.*?)^```", text, re.M | re.S)
    lines = [re.sub(r"\s+# .*", "", line).strip() for fence in fences for line in fence.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def shown(start: str, page: str, under: str | None = None) -> str:
    """The one command of a page that starts so, as it is printed."""
    found = [line for line in commands(page, under) if line.startswith(start)]
    assert found, f"{page} shows no command {start} under {under or 'any heading'}"
    return found[0]


def python(page: str, under: str) -> str:
    """The last Python program under a heading of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    text = re.split(r"^## ", text[text.index(f"## {under}\n") + 3 :], maxsplit=1, flags=re.M)[0]
    return re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)[-1]


def by_hand(command: str, examples: dict[str, str]) -> None:
    """The one who runs the tests types a line: the machine's administrator, where it is root."""
    for old, new in examples.items():
        command = command.replace(old, new)
    subprocess.run(["/bin/bash", "-c", command], check=True, timeout=60)


def why_one_user() -> str | None:
    """Why all people of a class are the one who runs the tests, None where each can be another."""
    if os.geteuid() != 0:
        return "only root can act for others"
    if missing := [name for name in ACCOUNTS.values() if not _has(name)]:
        return f"this machine has no account {', '.join(missing)}"
    if closed := [str(path) for path in (ROOT, *ROOT.parents) if not path.stat().st_mode & 0o001]:
        return f"{', '.join(closed)} is closed to others"
    if python_for_all() is None:
        return "no Python of this version is there for others"
    return None


def _has(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def python_for_all() -> str | None:
    """A Python of this version that every user can start: ours, or the system's."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for found in (os.path.realpath(sys.executable), f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        path = Path(found)
        if path.exists() and all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents):
            return found
    return None


def environment(folder: Path, python: str) -> Path:
    """An environment with this one's packages, and a Python that everyone can start; returns its programs' folder."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    packages = next(folder.glob("lib/python3*/site-packages"))
    packages.rmdir()
    packages.symlink_to(sysconfig.get_path("purelib"))
    for name in ("etc", "share"):  # what makes formgrader a part of JupyterLab
        (folder / name).symlink_to(Path(sys.prefix, name))
    for name, module, call in (
        ("nbgrader", "nbgrader.apps.nbgraderapp", "main"),
        ("autograder", "autograder.classroom.cli", "main"),
        ("jupyter", "jupyter_core.command", "main"),
        ("jupyter-lab", "jupyterlab.labapp", "main"),
        ("alembic", "alembic.config", "main"),
    ):
        program = folder / "bin" / name
        program.write_text(f"#!{folder}/bin/python\nimport sys\nfrom {module} import {call}\nsys.exit({call}())\n")
        program.chmod(0o755)
    return folder / "bin"


@dataclass
class Person:
    """Someone with an account, a home, and a folder where they type. bin: where the course's programs are; examples:
    what pages have as an example -> what it is here."""

    name: str
    account: pwd.struct_passwd
    home: Path
    where: Path
    bin: Path
    examples: dict[str, str]

    def types(self, command: str, status: int = 0, answer: str = "") -> str:
        """Run a line as it is printed, but for what a page has as an example: see `examples`. Return what it said."""
        for old, new in self.examples.items():
            command = re.sub(rf"(?<![\w-]){re.escape(old)}(?!\w)", new, command)
        done = self.start(command.replace(BIN, f"{self.bin}/"), answer)
        said = f"{done.stdout}{done.stderr}"
        assert done.returncode == status, f"{self.name} typed: {command}\nexit status {done.returncode}\n{said[-4000:]}"
        return said

    def start(self, command: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=self.where,
            env=self.variables,
            input=answer,
            capture_output=True,
            text=True,
            timeout=200,
            **self.credentials,
        )

    @property
    def variables(self) -> dict[str, str]:
        """Their environment: nothing but what a login sets."""
        return {"HOME": str(self.home), "PATH": os.defpath, "LANG": "C.UTF-8", "USER": self.account.pw_name}

    @property
    def credentials(self) -> dict:
        """What makes a process this person's."""
        if self.account.pw_uid == os.geteuid():
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": [], "umask": 0o022}

    def owns(self, path: Path) -> Path:
        """Give this person a file or folder."""
        os.chown(path, self.account.pw_uid, self.account.pw_gid)
        return path

    def writes(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        self.owns(path)


def person(name: str, base: Path, programs: Path, alone: bool, where: Path | None = None) -> Person:
    """Somebody with an empty home below `base`. `alone`: all people are the user of this process."""
    account = pwd.getpwuid(os.geteuid()) if alone else pwd.getpwnam(ACCOUNTS[name])
    home = base / name
    home.mkdir()
    made = Person(name if alone else account.pw_name, account, home, where or home, programs, {})
    made.owns(home)
    return made
