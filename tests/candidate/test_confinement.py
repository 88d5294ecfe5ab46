"""What a candidate cannot do: tried from inside, in earnest, as root or not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.candidate import confine
from autograder.examiner.link import ZygoteClient
from autograder.examiner.mishaps import NotConfined
from autograder.wire.limits import Limits

ROOT = Path(__file__).resolve().parents[2]


def said(link, source: str) -> str:
    run = link.run_cell("a", source)
    assert run.status == "ok", run.outputs
    return "".join(o["text"] for o in run.outputs if o["output_type"] == "stream")


@pytest.fixture
def hidden(tmp_path):
    """A file that exists and that the candidate has no business with."""
    (tmp_path / "key").write_text("secret")
    return tmp_path / "key"


FORBIDDEN = [
    "",
    "autograder",
    "autograder/exam",
    "autograder/candidate",
    "solutions",
    "tests",
    "_build",
    "assignments",
    "book",
]


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_the_repository_cannot_be_listed_or_read(link, folder):
    path = str(ROOT / folder)
    source = f"import os\ntry: print(os.listdir({path!r}))\nexcept OSError as error: print(type(error).__name__)"
    expected = {"PermissionError", "FileNotFoundError"} if not (ROOT / folder).exists() else {"PermissionError"}
    assert said(link, source).strip() in expected


def test_no_file_of_the_repository_but_the_course_can_be_opened(link):
    """Every tracked file, by every name that leads to it."""
    files = [
        str(path)
        for top in ("autograder", "solutions", "tests", "book", "assignments")
        for path in (ROOT / top).rglob("*.*")
    ]
    assert len(files) > 100
    source = f"""
import os
opened = []
for path in {files!r}:
    for name in (path, os.path.join({str(ROOT)!r}, "convcourse", "..", os.path.relpath(path, {str(ROOT)!r}))):
        try:
            open(name, "rb").close()
            opened.append(name)
        except OSError:
            pass
print(opened)
os.symlink({str(ROOT)!r}, "way")
try: print(os.listdir("way"))
except PermissionError: print("refused")
"""
    assert said(link, source) == "[]\nrefused\n"


def test_what_a_notebook_needs_can_be_read(link):
    source = f"""
import os, sys, sysconfig
for path in ({str(ROOT / "convcourse")!r}, sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), "/usr/lib"):
    print(len(os.listdir(path)) > 0)
import json.tool, xml.dom.minidom, torchvision.models, matplotlib.backends.backend_svg, skimage.filters
"""
    assert said(link, source) == "True\n" * 4


def test_the_exams_cannot_be_imported(link):
    source = """
import importlib, sys
for name in ("exam", "exam.core", "exam.convolution", "examiner", "examiner.link", "release"):
    try: importlib.import_module("autograder." + name); print("imported", name)
    except (ImportError, PermissionError): pass
print([name for name in sys.modules if "autograder.exam" in name])
"""
    assert said(link, source) == "[]\n"


def test_no_other_file_can_be_opened_or_made(link, hidden):
    paths = [
        *(
            str(hidden),
            str(hidden.parent),
            os.path.expanduser("~"),
            "/",
            "/root",
            "/home",
            "/tmp",
            "/var",
            "/etc/passwd",
        ),
        *("/proc/self/environ", "/proc/self/maps", "/proc/1/cmdline", "/dev/shm", "/dev/kmsg", "/sys/kernel"),
    ]
    source = f"""
import os
attempts = (
    lambda path: os.open(path, os.O_RDONLY), lambda path: os.open(path, os.O_WRONLY), os.listdir, os.remove,
    lambda path: open(os.path.join(path, "new"), "w"), lambda path: os.rename(path, path + "x"),
    lambda path: os.truncate(path, 0), lambda path: os.link(path, "here"), lambda path: os.mkdir(path + "/new"),
)
for path in {paths!r}:
    for attempt in attempts:
        try: attempt(path); print("done", path)
        except OSError: pass
for path in ("../../x", "/tmp/x", "/dev/shm/x"):
    try: open(path, "w"); print("written", path)
    except OSError: pass
"""
    assert said(link, source) == "" and hidden.read_text() == "secret"


def test_only_one_descriptor_leads_out(link):
    source = """
import fcntl, os
found = []
for fd in range(1024):
    try: fcntl.fcntl(fd, fcntl.F_GETFD); found.append((fd, os.fstat(fd).st_mode >> 12, os.fstat(fd).st_rdev))
    except OSError: pass
print(found)
"""
    found = eval(said(link, source))
    null = os.stat("/dev/null").st_rdev
    assert [row[1:] for row in found[:3]] == [(2, null)] * 3 and [row[1] for row in found[3:]] == [12], found


def test_nothing_of_the_graders_environment_is_left(link):
    source = """
import ctypes, os, sys
print(sorted(os.environ), sys.argv, os.getcwd() != "/", any("SECRET" in v for v in os.environ.values()))
libc = ctypes.CDLL(None); libc.getenv.restype = ctypes.c_char_p
print(libc.getenv(b"SECRET"))
"""
    text = said(link, source)
    assert "SECRET" not in text and "None" in text and "PYTHONPATH" not in text
    assert re.search(r"\[''\] True False", text)


def test_it_can_signal_nobody(link):
    source = f"""
import os, signal
for pid in (os.getppid(), {os.getpid()}, 1, -1, 0, -os.getpgrp()):
    for number in (0, signal.SIGTERM):
        try: os.kill(pid, number); print("sent", pid, number)
        except OSError: pass
"""
    assert said(link, source) == ""


CALLS = {  # by number on x86-64; each with arguments that would do something
    "fork": (57,),
    "vfork": (58,),
    "execve": (59, 0, 0, 0),
    "ptrace": (101, 0, 1, 0, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "umount2": (166, 0, 0),
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "chroot": (161, 0),
    "add_key": (248, 0, 0, 0, 0, 0),
    "keyctl": (250, 0, 0),
    "io_uring_setup": (425, 8, 0),
    "memfd_create": (319, 0, 0),
    "memfd_secret": (447, 0),
    "socket": (41, 2, 1, 0),
    "socketpair": (53, 1, 1, 0, 0),
    "sendmsg": (46, 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "recvmsg": (47, 0, 0, 0),
    "perf_event_open": (298, 0, 0, 0, 0, 0),
    "userfaultfd": (323, 0),
    "pidfd_open": (434, 1, 0),
    "prlimit64 set": (302, 0, 9, 1, 0),
    "setrlimit": (160, 9, 0),
    "prctl pdeathsig": (157, 1, 0, 0, 0, 0),
    "shmget": (29, 0, 4096, 0o1600),
    "msgget": (68, 0, 0o1600),
    "mq_open": (240, 0, 0o100, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "init_module": (175, 0, 0, 0),
    "setuid": (105, 1),
    "capset": (126, 0, 0),
    "personality": (135, 0),
    "quotactl": (179, 0, 0, 0, 0),
    "setpriority": (141, 0, 0, -5),
    "setsid": (112,),
    "sched_setaffinity": (203, 0, 8, 0),
    "sched_setattr": (314, 0, 0, 0),
    "fcntl F_SETPIPE_SZ": (72, 0, 1031, 1 << 20),
    "fcntl F_SETPIPE_SZ and bits that the kernel drops": (72, 0, 1031 + (1 << 32), 1 << 20),
    "sched_setscheduler": (144, 0, 1, 0),
    "name_to_handle_at": (303, 0, 0, 0, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0),
    "inotify_init": (253,),
    "fanotify_init": (300, 0, 0),
    "clone new user": (56, 0x10000011, 0, 0, 0, 0),
    "clone process": (56, 17, 0, 0, 0, 0),
    "seccomp": (317, 0, 0, 0),
    "mknod": (133, 0, 0, 0),
    "ioctl TIOCSTI": (16, 0, 0x5412, 0),
    "tee": (276, 0, 1, 1, 0),
    "vmsplice": (278, 1, 0, 1, 0),
    "mlock": (149, 0, 4096),
    "landlock_create_ruleset": (444, 0, 0, 0),
    "pidfd_getfd": (438, 3, 0, 0),
    "reboot": (169, 0, 0, 0, 0),
    "sethostname": (170, 0, 0),
    "settimeofday": (164, 0, 0),
    "acct": (163, 0),
    "swapon": (167, 0, 0),
    "nobody knows": (999,),
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls' numbers are those of x86-64")
def test_system_calls_beyond_need_are_refused(link):
    source = f"""
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for name, call in {CALLS!r}.items():
    result = libc.syscall(*(ctypes.c_long(n) for n in call))
    if result != -1 or ctypes.get_errno() != errno.EPERM:
        print(name, result, errno.errorcode.get(ctypes.get_errno()))
"""
    assert said(link, source) == ""


def test_a_wall_that_fails_stops_the_run(zygote, monkeypatch):
    with pytest.raises(NotConfined, match="The wall `resources` could not be put up"):
        ZygoteClient(zygote).fork(Limits(open_files=-2))
    link = ZygoteClient(zygote).fork()
    assert said(link, "print(1)") == "1\n"
    link.close()


def test_an_installation_that_candidates_could_read_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(confine, "readable", lambda: (str(ROOT),))
    with pytest.raises(OSError, match="pip install --editable"):
        confine.files(confine.Confinement(3, tmp_path, Limits()))


def test_the_walls_stand_in_their_order():
    names = [wall.__name__ for wall in confine.WALLS]
    assert names == ["descriptors", "environment", "processor", "resources", "files", "system_calls"]


def test_without_confinement_only_when_told(zygote, hidden):
    link = ZygoteClient(zygote, confined=False).fork()
    source = f"print(open({str(hidden)!r}).read()); import subprocess; print(subprocess.run(['true']).returncode)"
    assert said(link, source) == "secret\n0\n"
    link.close()


def test_what_an_unconfined_candidate_starts_goes_with_it(zygote):
    link = ZygoteClient(zygote, confined=False).fork()
    source = (
        "import subprocess, time\n"
        "p = subprocess.Popen(['setsid', 'sh', '-c', 'sleep 99 & sleep 98'], start_new_session=True)\n"
        "time.sleep(0.3)\nprint(p.pid)"
    )
    pid = int(said(link, source))
    assert Path(f"/proc/{pid}").exists()
    link.close()
    assert not Path(f"/proc/{pid}").exists()
    assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if b"sleep\x0099" in _read(p)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_nothing_writable_is_shared_with_the_zygote(link):
    """A mapping that both can write would carry one student's data to the next."""
    maps = Path(f"/proc/{link._watch.pid}/maps").read_text().splitlines()
    assert len(maps) > 100 and not [
        line for line in maps if line.split()[1].startswith("rw") and line.split()[1].endswith("s")
    ]


def test_the_zygote_refuses_to_fork_with_two_threads():
    code = (
        "import socket, threading\nfrom autograder.candidate import zygote\n"
        "from autograder.examiner.link import ZygoteClient\nours, theirs = socket.socketpair()\n"
        "threading.Thread(target=zygote.main, args=(theirs,), daemon=True).start()\n"
        "try: ZygoteClient(ours).fork()\nexcept RuntimeError as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "threads, and a fork copies only one" in told.stdout, told.stderr
