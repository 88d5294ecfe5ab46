"""How a zygote is started without the pool."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable

from autograder.objects.assignments import ASSIGNMENTS

START = """
import os, socket, sys
from autograder.candidate import preload
names, *numbers = sys.argv[1:]
preload.preload(names.split(","))
from autograder.candidate import confine, zygote
confine.prctl(confine.PR_SET_DUMPABLE, 0)  # as the pool's are
print("ready", flush=True)
numbers = {int(number) for number in numbers}
mine = next((number for number in numbers if len(numbers) == 1 or os.fork() == 0), None)
for other in numbers - {mine}:
    os.close(other)
if mine is not None:
    zygote.main(socket.socket(fileno=mine))
    os._exit(0)
else:
    for _ in numbers:
        os.wait()
    os._exit(0)  # without seconds of clearing up
"""


# As the pool does.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def start_zygotes(count: int, assignments: Iterable[str] = ASSIGNMENTS) -> tuple[subprocess.Popen, list[socket.socket]]:
    """Of these assignments: the process (of several: whose children they are), and the examiners' ends of their socket
    pairs. Closing these ends them."""
    pairs = [socket.socketpair() for _ in range(count)]
    theirs = [str(end.fileno()) for _, end in pairs]
    process = subprocess.Popen(
        [sys.executable, "-c", START, ",".join(assignments), *theirs],
        pass_fds=map(int, theirs),
        env={"PATH": os.environ["PATH"], "SECRET": "a variable of the grader's", **ONE_THREAD},
        stdout=subprocess.PIPE,
    )
    for _, end in pairs:
        end.close()
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    return process, [ours for ours, _ in pairs]
