"""With any seed every implementation loses the same: `make seeds` examines all of them with fifty seeds (six hours).

`make seeds SEEDS=10` takes ten of these, which are others for each implementation, and for each state of its exam.
Slow criteria are left out, and so are implementations that compute with random numbers of their own (`random: yes`).
"""

from __future__ import annotations

import random
import sys

from autograder import slow_checks
from autograder.exam_tables.examining import Task, examine_all, parts_of
from autograder.exam_tables.implementations import Implementation, exam_names, implementations
from autograder.exam_tables.verdicts import exam_code, faults, load, verdict

SALTS = [f"seed {i} " for i in range(50)]


def differing(exam: str, chosen: list[Implementation], seeds: int) -> list[str]:
    """Which of these lose something else than their verdicts say with so many seeds each, a sentence each."""
    slow = {f"{part.name}/{c.id}" for part in parts_of(exam) for c in part.criteria if c.slow}
    state = exam_code(exam)
    drawn = {one.id: random.Random(f"{state} {one.id}").sample(SALTS, seeds) for one in chosen}
    tasks = [Task(exam, one, salt) for one in chosen for salt in drawn[one.id]]
    told = []
    for task, outcomes in zip(tasks, examine_all(tasks), strict=True):
        said = set(load(exam).of[task.implementation.id].lost) - slow
        if other := said ^ set(verdict(task.implementation, outcomes).lost):
            what = f"{exam}/{task.implementation.id}"
            told.append(f'{what} with "{task.salt}" differs in {", ".join(sorted(other))}')
    return told


def main(seeds: int) -> int:
    told, count = [], 0
    for exam in exam_names():
        if stale := faults(exam):
            print("\n".join(stale))
            return 1
        chosen = [one for one in implementations(exam) if not one.random]
        told += differing(exam, chosen, seeds)
        count += len(chosen)
    print("\n".join(told), end="\n" if told else "")
    if not told:
        slow_checks.record("seeds", f"{count} implementations lose the same with {seeds} seeds each")
    return bool(told)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
