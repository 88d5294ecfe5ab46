"""`python -m autograder.exam_tables`: examine the implementations whose verdicts are stale, and write the pages.

With `--all` every implementation is examined; with `convolution/wrong/conv_flipped` this one alone, and what it loses
is printed with what the student would read. `--salt "seed 7 "` gives its criteria other seeds.
"""

from __future__ import annotations

import argparse

from autograder.exam_tables import pages, verdicts
from autograder.exam_tables.examining import Task, examine
from autograder.exam_tables.implementations import ROOT, exam_names, implementation, implementations


def alone(which: str, salt: str) -> None:
    """Examine one, named as `convolution/wrong/conv_flipped`, and print each criterion."""
    exam, _, id = which.partition("/")
    for outcome in examine(Task(exam, implementation(exam, id), salt, slow=True)):
        finding = outcome.finding
        print(f"{'✗' if finding else '✓'} {outcome.exam}/{outcome.id}: {outcome.title}")
        if finding:
            print(f"    {finding.sentence}" + (f" [{finding.mistake}]" if finding.mistake else ""))


def check() -> None:
    """End with a sentence where a verdict or a page is stale."""
    told = [fault for exam in exam_names() for fault in verdicts.faults(exam)]
    told += [
        f"{pages.path_of(exam).relative_to(ROOT)} is stale"
        for exam in exam_names()
        if not told and pages.path_of(exam).read_text(encoding="utf-8") != pages.page(exam)
    ]
    if told:
        raise SystemExit("\n".join([*told, "Run `make exam-table` and commit what it writes."]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("which", nargs="?", help="one implementation: EXAM/right/STEM or EXAM/wrong/STEM")
    options.add_argument("--all", action="store_true", help="examine every implementation")
    options.add_argument("--check", action="store_true", help="only say whether verdicts or pages are stale")
    options.add_argument("--salt", default="", help="for the seeds of the one that is examined alone")
    chosen = options.parse_args()
    if chosen.which:
        return alone(chosen.which, chosen.salt)
    if chosen.check:
        return check()
    for exam in exam_names():
        todo = implementations(exam) if chosen.all else verdicts.stale(exam)
        print(f"{exam}: {len(todo)} of {len(implementations(exam))} to examine", flush=True)
        verdicts.renew(exam, todo)
        print(f"  {pages.write(exam).relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    main()
