"""The doctor tries what must be refused, quickly, and says what is missing."""

import subprocess
import sys
import time

import pytest

from autograder.candidate import confine
from autograder.classroom import doctor


def by_layer():
    return {check.layer: check for check in doctor.checks()}


def test_this_machine_is_looked_at_quickly_and_without_torch():
    code = (
        "import sys, time; start = time.process_time()\n"
        "from autograder.classroom.doctor import checks\n"
        "found = list(checks())\n"
        "assert not {'torch', 'nbgrader'} & set(sys.modules)\n"
        "assert time.process_time() - start < 0.5, time.process_time() - start\n"
        "assert all(c.verdict in ('PASS', 'CAUTION', 'FAIL') and c.found for c in found)\n"
        "assert all(c.mend for c in found if c.verdict != 'PASS')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_confined_child_is_refused_all_and_may_work():
    told = doctor._probe()
    assert all(told["attempts"].values()) and len(told["attempts"]) > 7
    assert not any(told["works"].values())
    assert told["no new privileges"]


def without(*walls):
    return tuple(wall for wall in confine.WALLS if wall.__name__ not in walls)


@pytest.mark.parametrize(
    "missing, could", [("files", "read the exams"), ("system_calls", "open a socket"), ("resources", "take more than")]
)
def test_a_wall_that_does_not_hold_is_found(monkeypatch, missing, could):
    monkeypatch.setattr(confine, "WALLS", without(missing))
    found = by_layer()["confinement, tried"]
    assert found.verdict == "FAIL" and could in found.found


def test_a_wall_that_cannot_be_put_up_is_named(monkeypatch):
    def files(to):
        raise OSError("no Landlock here")

    monkeypatch.setattr(confine, "WALLS", (files,))
    found = by_layer()["confinement, tried"]
    assert found.verdict == "FAIL" and "no Landlock here" in found.found and found.mend


def test_an_old_kernel_is_named(monkeypatch):
    import sandlock

    monkeypatch.setattr(sandlock, "landlock_abi_version", lambda: 1)
    found = by_layer()
    assert found["Landlock (files)"].verdict == "FAIL" and "6.12" in found["Landlock (files)"].mend


@pytest.mark.parametrize("version", [4, 5])
def test_before_linux_6_12_bubblewrap_has_to_stand_around(monkeypatch, version):
    """Landlock without scopes is the newest one with these left out: so the older kernel is played."""
    import sandlock

    from autograder.classroom import second_wall

    monkeypatch.setattr(sandlock, "landlock_abi_version", lambda: version)
    monkeypatch.setattr(second_wall, "prefix", lambda: ())
    found = by_layer()
    assert found["Landlock (files)"].verdict == found["confinement, tried"].verdict == "FAIL"
    assert "bubblewrap must" in found["confinement, tried"].found
    monkeypatch.setattr(confine, "behind_bubblewrap", lambda: True)
    told = doctor._probe()
    assert all(told["attempts"].values()) and not any(told["works"].values())
    monkeypatch.setattr(second_wall, "prefix", lambda: ("bwrap", *second_wall.PROCESSES, "--"))
    monkeypatch.setattr(doctor, "_probe_behind_the_wall", lambda: told)
    found = by_layer()
    assert found["Landlock (files)"].verdict == "CAUTION" and found["confinement, tried"].verdict == "PASS"


def test_another_system_is_refused(monkeypatch):
    monkeypatch.setattr(doctor.platform, "system", lambda: "Darwin")
    (only,) = doctor.checks()
    assert only.verdict == "FAIL" and "Linux" in only.mend


def test_a_child_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 1)
    monkeypatch.setattr(confine, "confine", lambda to: time.sleep(60))
    assert doctor._probe()["failed"]
