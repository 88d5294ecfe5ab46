"""Each limit costs the one who runs into it, says which it was, and leaves nothing behind."""

import os
from pathlib import Path

import pytest
import torch

from autograder.exam.core import Lost
from autograder.exam.subject import Raised
from autograder.wire.limits import MIB

CODE = """
import os, sys, threading, time, torch
def forever(x):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            pass
def hungry(x): return torch.ones(1 << 40)
def hungry_numpy(x):
    import numpy
    return numpy.ones(1 << 38)
def hungry_python(x): return bytearray(1 << 36)
def large(x): return torch.ones(80 << 20)
def dies(x): os._exit(3)
def falls(x):
    import ctypes
    ctypes.string_at(0)
def aborts(x): os.abort()
def right(x): return x
"""


@pytest.fixture
def code(fork):
    def coded(**limits):
        link = fork(**limits)
        assert link.run_cell("code", CODE).status == "ok"
        return link

    return coded


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


TOO_LARGE = {
    "tensors": ("large", "256 MiB"),
    "numbers": ("numbers", "200,000 numbers"),
    "text": ("text", "4 MiB of text"),
    "lists": ("lists", "200,000 numbers"),
}


@pytest.mark.parametrize("what", TOO_LARGE)
def test_what_is_too_large_is_said_and_costs_no_candidate(code, what):
    name, words = TOO_LARGE[what]
    link = code(memory_mib=1000)
    link.run_cell(
        "a",
        "def numbers(x): return [0.5] * 250_000\ndef text(x): return 'é' * 1_000_000\n"
        "def lists(x): return [[[]] * 100_000] * 3\nKERNELS = {'mine': [0.5] * 250_000}",
    )
    with pytest.raises(Lost) as caught:
        link.look_up(name)(torch.ones(1))
    assert caught.value.status == "output" and words in caught.value.sentence
    with pytest.raises(Lost, match="`KERNELS` holds more than can be examined") as caught:
        link.look_up("KERNELS")
    assert caught.value.status == "output" and link.look_up("right")(2) == 2


@pytest.mark.parametrize("kind", ["to_sparse()", "to('meta')", "mul(1).to_sparse_csr()"])
def test_weights_that_cannot_cross_are_named(link, kind):
    link.run_cell(
        "a",
        "import torch, warnings\nwarnings.simplefilter('ignore')\nlayer = torch.nn.Module()\n"
        f"layer.register_buffer('weight', torch.eye(2).{kind})",
    )
    layer = link.look_up("layer")
    with pytest.raises(Raised, match=r"`weight` is a .*(sparse|meta).* tensor"):
        layer.state()


HONEST_OUTPUTS = {
    "two streams in turns": (
        "for i in range(15_000): print('.', end=''); print('#', end='', file=sys.stderr)", {".": 15_000, "#": 15_000},
    ),
    "a long list": ("print([[0] * 512] * 512)", {"0": 512 * 512}),
    "a picture drawn again and again": (
        "from IPython.display import clear_output\nfor i in range(300):\n    clear_output(wait=True)\n"
        "    print('x' * 10_000)", {"x": 10_000},
    ),
    "an output shown anew": (
        "h = display('', display_id=True)\nfor i in range(300): h.update('x' * 10_000)", {"x": 10_000}),
}  # fmt: skip


@pytest.mark.parametrize("what", HONEST_OUTPUTS)
def test_honest_outputs_are_taken(link, what):
    source, counts = HONEST_OUTPUTS[what]
    run = link.run_cell("a", "import sys\n" + source)
    shown = "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in run.outputs)
    assert run.status == "ok" and len(run.outputs) <= 1000
    assert {letter: shown.count(letter) for letter in counts} == counts


@pytest.mark.parametrize(
    "source",
    [
        "for i in range(2000): display(i)",
        "for i in range(2000): get_ipython().showtraceback()",
        "h = display('', display_id=True); h.update('x' * (3 << 20))",
        "class E(Exception): pass\nE.__name__ = 'x' * (40 << 20)\nraise E",
    ],
)
def test_too_many_outputs_are_a_limit_and_no_forgery(link, source):
    run = link.run_cell("a", source)
    assert run.status in ("output", "error") and len(run.outputs) <= 1001
    assert run.status == "error" or "1,000 outputs" in run.limit


LOST = {
    "forever": ("timeout", "3 seconds by the clock"),
    "hungry": ("memory", "1000 MiB"),
    "hungry_numpy": ("memory", "1000 MiB"),
    "hungry_python": ("memory", "1000 MiB"),
    "dies": ("crashed", "ended the process"),
    "falls": ("crashed", "SIGSEGV"),
    "aborts": ("crashed", "SIGABRT"),
}


@pytest.mark.parametrize("name", LOST)
def test_a_call_that_costs_the_candidate(code, name):
    status, words = LOST[name]
    link = code(call_seconds=1 if name == "forever" else 20, memory_mib=1000)
    pid, scratch = link._watch.pid, link._scratch
    call = link.look_up(name)
    with pytest.raises(Lost) as caught:
        call(torch.ones(1))
    assert caught.value.status == status and words in caught.value.sentence
    assert is_gone(pid) and not scratch.exists()
    with pytest.raises(Lost):
        link.look_up("right")


def test_answers_of_all_calls_together(code):
    link = code(answers_mib=2)
    right = link.look_up("right")
    right(torch.ones(1 << 18))
    with pytest.raises(Lost) as caught:
        right(torch.ones((1 << 18) + 1))
        right(torch.ones(1 << 18))
    assert caught.value.status == "output" and "2 MiB in all" in caught.value.sentence


def test_the_next_candidate_is_none_the_worse(code):
    with pytest.raises(Lost):
        code(call_seconds=0.2).look_up("forever")(1)
    assert code().look_up("right")(1) == 1


def test_a_cell_that_is_interrupted_costs_only_itself(fork):
    link = fork(cell_seconds=0.5)
    runs = link.run([("a", "x = 1"), ("loop", "x = 2\nwhile True: pass\nx = 3"), ("b", "print(x)")])
    assert [run.status for run in runs] == ["ok", "timeout", "ok"]
    assert (
        runs[1].limit == "The cell `loop` took longer than 0.5 seconds of processor time."
        and runs[2].outputs[0]["text"] == "2\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        "import time\nwhile True:\n    try: time.sleep(0.01)\n    except BaseException: pass",
        "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    ],
)
def test_a_cell_that_cannot_be_interrupted_is_killed(fork, source):
    link = fork(cell_seconds=0.3)
    with pytest.raises(Lost) as caught:
        link.run_cell("loop", source)
    assert caught.value.status == "timeout" and "`loop`" in caught.value.sentence and is_gone(link._watch.pid)


@pytest.mark.parametrize("does, kind", [("while True: pass", "of processor time"), ("time.sleep(99)", "by the clock")])
def test_the_whole_notebook_has_a_time(code, does, kind):
    link = code(notebook_seconds=0.8, cell_seconds=30)
    with pytest.raises(Lost) as caught:
        link.run_cell("a", does)
    assert caught.value.status == "timeout" and "whole notebook" in caught.value.sentence
    assert kind in caught.value.sentence and "`a`" in caught.value.sentence


@pytest.mark.parametrize(
    "take", ["torch.ones(1 << 40)", "bytearray(1 << 36)", "[bytearray(100 << 20) for _ in range(99)]"]
)
def test_memory_in_a_cell_fails_that_cell(code, take):
    link = code(memory_mib=1000)
    run = link.run_cell("a", f"x = {take}")
    assert run.status == "memory" and run.limit == "The cell `a` needed more than 1000 MiB of memory."
    assert link.run_cell("b", "y = torch.ones(1 << 20)").status == "ok"


@pytest.mark.parametrize("put_out", ["print('x' * 1000)", "display('x' * 1000)", "sys.stderr.write('x' * 1000)"])
def test_output_is_cut_and_the_cell_stopped(code, put_out):
    link = code(output_kib=50, cell_seconds=5)
    run = link.run_cell("a", f"x = 0\nwhile True:\n    x += 1\n    {put_out}")
    assert run.status == "output" and "50 KiB" in run.limit
    assert len(str(run.outputs)) < 80_000 and "limit is reached" in str(run.outputs)
    assert link.run_cell("b", "x < 100").outputs[0]["data"] == {"text/plain": "True"}


def test_output_of_all_cells_together(fork):
    link = fork(output_kib=900, outputs_mib=1)
    runs = link.run([(name, "print('x' * 800_000)") for name in "abc"])
    assert [run.status for run in runs] == ["ok", "output", "output"]
    assert sum(len(str(run.outputs)) for run in runs) < 1.1 * MIB


SCRATCH = {
    "many files": ("files", "for i in range(10_000): open(str(i), 'w').close()"),
    "many folders": ("files", "import os\nfor i in range(10_000): os.mkdir(str(i))"),
    "large files": ("MiB", "for i in range(100): open(str(i), 'wb').write(bytes(1 << 20))"),
    "deleted files": (
        "MiB", "import os, time\nkept = []\nfor i in range(100):\n"
        "    kept.append(open(str(i), 'wb')); kept[-1].write(bytes(1 << 20)); kept[-1].flush(); os.unlink(str(i))",
    ),
    "files without a name": (
        "MiB", "import os\nkept = [os.open('.', os.O_TMPFILE | os.O_RDWR) for _ in range(100)]\n"
        "for fd in kept: os.write(fd, bytes(1 << 20))",
    ),
    "too deep to look into": (
        "could not be counted",
        "import os\nfor i in range(50):\n    os.mkdir('x' * 200); os.chdir('x' * 200)\n"
        "for i in range(30): open(str(i), 'wb').write(bytes(1 << 20))",  # less than all that may ever be written
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCRATCH)
def test_the_scratch_folder_is_watched(fork, name):
    words, source = SCRATCH[name]
    link = fork(scratch_mib=20, scratch_files=500)
    scratch = link._scratch
    with pytest.raises(Lost) as caught:
        link.run_cell("a", source + "\nimport time; time.sleep(1)")
    assert caught.value.status == "output" and words in caught.value.sentence
    assert not scratch.exists()


# A deleted file is kept by one page of it.
HOLD = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
def hold(size):
    fd = os.open("x", os.O_RDWR | os.O_CREAT)
    os.write(fd, bytes(size))
    libc.mmap(None, ctypes.c_size_t(4096), 1, 1, fd, ctypes.c_long(0))
    os.unlink("x"); os.close(fd)
"""
WRITTEN = {
    "one name again and again": "for i in range(99): open('x', 'wb').write(bytes(1 << 20))",
    "deleted at once": "import os\nfor i in range(99): open('x', 'wb').write(bytes(1 << 20)); os.unlink('x')",
    "copied by the kernel": "import os\nopen('x', 'wb').write(bytes(1 << 20))\nfor i in range(99):\n"
    "    with open('x', 'rb') as a, open('y', 'wb') as b: os.sendfile(b.fileno(), a.fileno(), 0, 1 << 20)",
    "held by mappings": HOLD + "for i in range(99): hold(1 << 20)",
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_counted_though_it_is_gone(fork, name):
    link = fork(scratch_mib=10)
    with pytest.raises(Lost) as caught:
        link.run_cell("a", WRITTEN[name] + "\nimport time; time.sleep(1)")
    assert caught.value.status == "output"
    assert "more than 40 MiB" in caught.value.sentence or ("mapping" in name and "mmap" in caught.value.sentence)


def test_what_is_written_through_a_mapping_is_counted(fork):
    """By the kernel's count of pages; where files lie in memory there is none, and the mapping itself is refused."""
    source = """
import mmap, os
for i in range(40):
    with open("x", "w+b") as file:
        file.truncate(4 << 20)
        with mmap.mmap(file.fileno(), 4 << 20) as mapped:
            for page in range(0, 4 << 20, 4096): mapped[page] = 1
    os.unlink("x")
"""
    link = fork(scratch_mib=10)
    if not _counts_pages(link._scratch):
        pytest.skip("temporary files lie in memory")
    with pytest.raises(Lost, match="more than 40 MiB"):
        link.run_cell("a", source)


def _counts_pages(folder: Path) -> bool:
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    at = max((fields[4] for fields in mounts if folder.is_relative_to(fields[4])), key=len)
    return "tmpfs" not in next(fields[8] for fields in mounts if fields[4] == at)


def test_a_deleted_file_that_only_a_mapping_holds_is_refused(fork):
    link = fork()
    with pytest.raises(Lost) as caught:
        link.run_cell("a", HOLD + "hold(4096)\nimport time; time.sleep(60)")
    assert caught.value.status == "output" and "could not be counted" in caught.value.sentence


def test_mappings_without_end_are_not_read_to_the_end(fork):
    pieces = "[mmap.mmap(-1, 4096, prot=1 + 2 * (i % 2)) for i in range(25_000)]"  # of two kinds: no two become one
    with pytest.raises(Lost) as caught:
        fork().run_cell("a", f"import mmap, time\nkept = {pieces}\ntime.sleep(60)")
    assert caught.value.status == "memory" and "more pieces" in caught.value.sentence


def test_honest_use_of_mappings_and_of_space_is_free(fork):
    source = """
import os, tempfile, numpy as np
with tempfile.TemporaryFile() as file:
    kept = np.memmap(file, "float32", "w+", shape=(1000,))
kept[:] = 1
fd = os.open("y", os.O_RDWR | os.O_CREAT)
os.posix_fallocate(fd, 0, 100_000)
print(kept.sum(), os.stat("y").st_size)
"""
    run = fork().run_cell("a", source)
    assert run.status == "ok" and run.outputs[0]["text"] == "1000.0 100000\n"


def test_answers_do_not_count_as_written(code):
    right = code(scratch_mib=1).look_up("right")
    for _ in range(3):
        assert right(torch.ones(1 << 19)).shape == (1 << 19,)


def test_one_file_has_a_size(fork):
    run = fork(scratch_mib=10).run_cell("a", "open('x', 'wb').write(bytes(20 << 20))")
    assert run.status == "error" and "File too large" in str(run.outputs)


def test_threads_are_counted(fork):
    with pytest.raises(Lost) as caught:
        fork(threads=20).run_cell(
            "a",
            "import time\nfrom threading import Thread\n"
            "for _ in range(40): Thread(target=time.sleep, args=(9,)).start()\ntime.sleep(1)",
        )
    assert caught.value.status == "memory" and "20 threads" in caught.value.sentence


def test_open_files_are_counted(fork):
    run = fork(open_files=32).run_cell("a", "kept = [open('x', 'w') for _ in range(100)]")
    assert run.status == "error" and "Too many open files" in str(run.outputs)


def test_limits_cannot_be_raised(fork):
    source = "import resource\nfor kind in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):\n" \
        "    print(resource.getrlimit(kind)[0] > 0)\n    try: resource.setrlimit(kind, (-1, -1)); print('raised')\n" \
        "    except (OSError, ValueError) as error: print('refused')"  # fmt: skip
    assert fork().run_cell("a", source).outputs[0]["text"] == "True\nrefused\n" * 3


def test_seconds_are_kept(code):
    link = code()
    link.run_cell("a", "time.sleep(0.2)")
    with pytest.raises(Raised):
        link.look_up("right")(1, 2)
    assert link.seconds["fork"] > 0 and link.seconds["cells"] > 0.2 and 0 < link.seconds["calls"] < 2


def test_closing_leaves_nothing(fork):
    link = fork()
    link.run_cell("a", "import os\nfor i in range(20):\n    os.makedirs('a/b'); os.chmod('a', 0); break")
    pid, scratch = link._watch.pid, link._scratch
    assert not is_gone(pid) and scratch.exists()
    before = len(os.listdir("/proc/self/fd"))
    link.close()
    link.close()
    assert is_gone(pid) and not scratch.exists() and len(os.listdir("/proc/self/fd")) == before - 1
