"""Who dies with whom."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
import torch
from starting import start_zygotes

from autograder.exam.core import Lost
from autograder.examiner.link import ZygoteClient
from autograder.examiner.mishaps import ZygoteGone
from autograder.wire import codec, messages
from autograder.wire.frames import packed


@pytest.fixture(scope="module")
def own():
    """Two zygotes of assignment 01 that tests may end, one each: the examiner's ends of their sockets."""
    process, ends = start_zygotes(2, ["01-convolution"])
    yield ends
    for end in ends:
        end.close()
    process.wait(timeout=60)


def soon_gone(pid: int) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def busy(sock) -> int:
    """A candidate that does not listen; its process."""
    link = ZygoteClient(sock).fork()
    pid = link._watch.pid
    ask = messages.Question(1, [], messages.Run("while True: pass", own=False))
    os.write(link._socket.fileno(), packed(*codec.encode(ask, layouts=True)))
    os.dup(link._socket.fileno())  # so that the end of the link is not what ends it
    return pid


def test_an_assignment_waits_for_no_library_that_only_another_imports(own):
    link = ZygoteClient(own[1]).fork()
    for first, there in (("import sys", False), ("from convcourse.checks import architectures", True)):
        (said,) = link.run_cell("a", f"{first}\nprint('torchvision' in sys.modules)").outputs
        assert said["text"] == f"{there}\n"  # a cell may import it all the same
    link.close()


def test_zygote_and_candidate_end_with_the_examiner(own):
    pid = busy(own[0])
    its_zygote = psutil.Process(pid).ppid()
    own[0].close()
    assert soon_gone(pid) and soon_gone(its_zygote)


def test_a_candidate_ends_with_its_zygote(own):
    sock = own[1]
    pid = busy(sock)
    os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
    assert soon_gone(pid)
    with pytest.raises(ZygoteGone):
        ZygoteClient(sock).fork()


def test_the_last_candidate_is_gone_before_the_next_starts(zygote):
    pid = busy(zygote)
    link = ZygoteClient(zygote).fork()
    assert not Path(f"/proc/{pid}").exists()
    link.close()


def test_an_asynchronous_signal_does_not_leave_either(fork):
    """A pipe's owner may be any process, as far as the file is concerned, and its signal SIGKILL."""
    link = fork()
    run = link.run_cell(
        "a",
        "import fcntl, os, signal\nr, w = os.pipe()\ntry:\n"
        "    fcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())\n    fcntl.fcntl(r, 10, signal.SIGKILL)\n"
        "    fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)\n    os.write(w, b'x'); print('tried')\n"
        "except OSError as error: print(error)",
    )
    assert run.status == "ok"
    time.sleep(0.2)
    assert link.run_cell("b", "print(1)").status == "ok"
    link.close()
    assert fork().run_cell("a", "print(2)").outputs[0]["text"] == "2\n"


def test_a_lost_candidate_stays_lost(fork):
    link = fork()
    with pytest.raises(Lost):
        link.run_cell("a", "import os; os._exit(0)")
    for _ in range(2):
        with pytest.raises(Lost):
            link.look_up("x")
    link.close()


def test_a_candidate_imports_nothing_that_the_zygote_could_have(fork):
    """What is imported at first use costs every submission: autograd's part of a third of a second, for one."""
    link = fork()
    link.run_cell("a", "import sys, torch, torch.nn.functional as F\nhad = set(sys.modules)\nconv = F.conv2d")
    x, w = torch.ones(1, 1, 3, 3, requires_grad=True), torch.ones(1, 1, 2, 2, requires_grad=True)
    assert len(link.look_up("conv").vjp((x, w), {}, torch.ones(1, 1, 2, 2)).gradients) == 2
    link.run_cell("b", "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()")
    link.run_cell("c", "from convcourse import data, plots; plots.show_row([data.photograph('coins', 36)[0]], ['a'])")
    (said,) = link.run_cell("d", "print(sorted(set(sys.modules) - had))").outputs
    link.close()
    assert said["text"] == "[]\n"
