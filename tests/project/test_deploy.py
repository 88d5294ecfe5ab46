"""The files in deploy/ say the same, and what they name is there. No container engine and no virtual machine is needed
here, so they are not run."""

import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KERNEL = "linux-generic-hwe-24.04"
CONTAINER = (DEPLOY / "Containerfile").read_text()
GUIDE = (ROOT / "book" / "instructors-guide.md").read_text()


def instructions():
    """Each instruction of the container file, its continued lines joined: (word, rest)."""
    text = re.sub(r"^#.*\n", "", CONTAINER, flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def packages_in(text):
    (found,) = re.findall(r"apt-get install -y --no-install-recommends ([\w .-]+)", text)
    return set(found.split())


def test_all_machines_get_the_same_packages():
    lima = yaml.safe_load((DEPLOY / "lima.yaml").read_text())
    cloud = yaml.safe_load((DEPLOY / "cloud-init.yaml").read_text())
    wanted = packages_in(CONTAINER)
    assert {"python3", "python3-venv", "libseccomp2", "bubblewrap"} <= wanted
    assert packages_in(lima["provision"][0]["script"]) == wanted
    assert set(cloud["packages"]) == wanted | {KERNEL} and cloud["power_state"]["mode"] == "reboot"
    assert (DEPLOY / "cloud-init.yaml").read_text().startswith("#cloud-config\n")
    assert {image["arch"] for image in lima["images"]} == {"x86_64", "aarch64"}


def test_the_container_file_copies_and_makes_what_there_is():
    known = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "VOLUME", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in instructions()} <= known and instructions()[0][0] == "FROM"
    for word, rest in instructions():
        if word == "COPY":
            assert all((ROOT / source).exists() for source in rest.split()[:-1])
        for target in re.findall(r"\bmake ([a-z-]+)(?: |$)", rest if word == "RUN" and "apt-get" not in rest else ""):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".venv", "_build", ".git"} <= set(ignored)


def test_the_guide_shows_the_commands_that_stand_in_the_files():
    for file in sorted(DEPLOY.iterdir()):
        commands = re.findall(r"^#   (\S.*)$", file.read_text(), re.M)
        assert commands and file.name in GUIDE
        assert all(command in GUIDE for command in commands), file.name


def test_what_they_run_is_a_shells():
    lima = yaml.safe_load((DEPLOY / "lima.yaml").read_text())
    scripts = [rest for word, rest in instructions() if word == "RUN"] + [lima["provision"][0]["script"]]
    for script in scripts:
        checked = subprocess.run(["sh", "-n", "-c", script], capture_output=True, text=True)
        assert checked.returncode == 0, f"{script}\n{checked.stderr}"
