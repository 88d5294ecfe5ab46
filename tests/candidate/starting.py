"""How a zygote is started without the pool."""

import os
import socket
import subprocess
import sys

START = """
import socket, sys
from autograder.candidate import preload
preload.preload()
from autograder.candidate import confine, zygote
confine.prctl(confine.PR_SET_DUMPABLE, 0)  # as the pool's are
print("ready", flush=True)
zygote.main(socket.socket(fileno=int(sys.argv[1])))
"""


def start_zygote() -> tuple[subprocess.Popen, socket.socket]:
    """The process, and the examiner's end of its socket pair. Closing that ends it."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={"PATH": os.environ["PATH"], "SECRET": "a variable of the grader's"},
            stdout=subprocess.PIPE,
        )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    return process, ours
