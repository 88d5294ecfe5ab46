"""Runs the experiments whose code has changed since their figures were written: ``make experiments``.

An experiment is a module of this folder with ``SEEDS`` and ``run(seed)``: a function of its seed alone, which trains
networks and gives figures. They lie beside it as JSON; pages read them by `_code.records`. Where it also writes files,
such as a network for the browser, it names them in ``FILES``, and the JSON holds their checksums. One thread, so that a
run takes what it takes and gives the same numbers again on the same processor. On another one sums are rounded in
another way, and in a long training this difference grows.
"""

import hashlib
import importlib
import json
import time
from datetime import date
from pathlib import Path

import torch
from _ext.imports import definitions_behind

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]


def names() -> list[str]:
    """All experiments."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path != Path(__file__).resolve())


def record(name: str) -> Path:
    """Where an experiment's figures are."""
    return FOLDER / f"{name}.json"


def code(name: str) -> str:
    """The hash of an experiment's code and of all code and data of ours that it runs: 16 hex digits."""
    script = FOLDER / f"{name}.py"
    text = script.read_text(encoding="utf-8")
    parts = {(script, text), *definitions_behind(text, [ROOT, FOLDER.parent])}
    named = sorted((path.relative_to(ROOT).as_posix(), part) for path, part in parts)
    return hashlib.sha256("\0".join(word for pair in named for word in pair).encode()).hexdigest()[:16]


def stale() -> list[str]:
    """Experiments without figures, and those whose figures come from other code."""
    return [
        name
        for name in names()
        if not record(name).exists() or json.loads(record(name).read_text())["code"] != code(name)
    ]


def checksums(files: list[str]) -> dict[str, str]:
    """The SHA-256 of files, given by their paths in the project."""
    return {file: hashlib.sha256((ROOT / file).read_bytes()).hexdigest() for file in files}


def renew(name: str) -> None:
    """Run an experiment with each of its seeds and write its figures."""
    before, start = code(name), time.process_time()
    experiment = importlib.import_module(f"experiments.{name}")
    runs = []
    for seed in experiment.SEEDS:
        runs.append(experiment.run(seed))
        print(f"{name}, seed {seed}: {time.process_time() - start:.0f} s", flush=True)
    found = {
        "seeds": list(experiment.SEEDS),
        "code": before,
        "torch": torch.__version__,
        "date": date.today().isoformat(),
        "seconds": round(time.process_time() - start),
        "files": checksums(getattr(experiment, "FILES", [])),
        "runs": runs,
    }
    record(name).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    torch.set_num_threads(1)
    for name in stale():
        renew(name)
    print("All experiments are up to date.")


if __name__ == "__main__":
    main()
