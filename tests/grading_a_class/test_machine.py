"""How many examiners there are at once is held against the machine's memory, a container's limit included."""

import os

import pytest

from autograder.classroom import machine, surroundings
from autograder.classroom.machine import JOB_MIB, default_jobs, memory_mib, too_many

MIB = 1 << 20


def groups(root, lines, limits):
    own = root / "cgroup"
    own.write_text("\n".join(lines))
    for path, text in limits.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root, own


@pytest.mark.parametrize(
    ("lines", "limits", "expected"),
    [
        (["0::/a/b"], {"memory.max": "max\n", "a/memory.max": f"{300 * MIB}\n", "a/b/memory.max": "max\n"}, 300),
        (["0::/a/b"], {"a/memory.max": f"{300 * MIB}", "a/b/memory.max": f"{200 * MIB}"}, 200),
        (["0::/"], {"memory.max": f"{100 * MIB}"}, 100),
        (["4:memory:/job", "0::/"], {"memory/job/memory.limit_in_bytes": f"{50 * MIB}"}, 50),
        (["4:memory:/not/seen"], {"memory/memory.limit_in_bytes": f"{60 * MIB}"}, 60),
    ],
)
def test_the_smallest_limit_above_the_process_counts(tmp_path, lines, limits, expected):
    assert memory_mib(*groups(tmp_path, lines, limits)) == expected


@pytest.mark.parametrize("lines", [[], ["nonsense"], ["0::/a"], ["1:cpu:/a"]])
def test_without_a_limit_it_is_the_machines_memory(tmp_path, lines):
    whole = memory_mib(*groups(tmp_path, lines, {"a/memory.max": "max"}))
    assert whole == memory_mib(tmp_path, tmp_path / "nothing") > 100


def test_jobs_follow_memory_and_more_are_warned_of(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    for mib, jobs in ((JOB_MIB // 2, 1), (2 * JOB_MIB + 1, 2), (100 * JOB_MIB, 8)):
        monkeypatch.setattr(machine, "memory_mib", lambda mib=mib: mib)
        assert default_jobs() == jobs
    monkeypatch.setattr(machine, "memory_mib", lambda: 3 * JOB_MIB)
    assert too_many(3) is None
    assert f"{4 * JOB_MIB:,} MiB" in too_many(4) and "--jobs 3" in too_many(4)


def test_doctor_says_it(monkeypatch):
    monkeypatch.setattr(surroundings, "memory_mib", lambda: 1)
    (check,) = [surroundings.memory()]
    assert check.verdict == "CAUTION" and f"{JOB_MIB:,}" in check.found and check.mend
    monkeypatch.setattr(surroundings, "memory_mib", lambda: 1000 * JOB_MIB)
    assert surroundings.memory().verdict == "PASS"
