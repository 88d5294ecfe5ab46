"""A template whose examiners do to a submission what its bytes say, without the second that it takes to import torch.

Run as `examiner.template` is: the control socket's number, the parent's, names of assignments.
"""

import json
import os
import socket
import sys
import time
from multiprocessing.connection import Connection

RESULT = {"student": "", "assignment": "01-convolution", "status": "graded", "score": 1.0, "max_score": 40.0}


def examine(main):
    json.loads(main.recv_bytes())
    main.send_bytes(json.dumps({"pid": os.getpid()}).encode())
    while True:
        try:
            order, what = json.loads(main.recv_bytes()), main.recv_bytes().decode()
        except (EOFError, OSError):
            return
        if what == "die at once":
            os._exit(1)
        if what != "never begin":
            main.send_bytes(json.dumps({"seconds": 0.2}).encode())
        if what == "burn":
            while True:
                pass
        if what in ("sleep", "never begin"):
            time.sleep(600)
        if what == "die":
            os._exit(1)
        if what.startswith("die unless ") and not os.path.exists(path := what.removeprefix("die unless ")):
            open(path, "w").close()
            os._exit(1)
        if what == "babble":
            main.send_bytes(b"\xff[")
            continue
        if what == "half an answer":
            main.send_bytes(json.dumps({"notebook": True}).encode())
            os._exit(1)
        result = {**RESULT, "student": order["student"], "job": order["job"]}
        answer = {"result": result, "evidence": None, "failure": None, "notebook": False}
        main.send_bytes(json.dumps(answer).encode())


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not order:
            return
        if os.fork() == 0:
            control.close()
            examine(Connection(descriptors[0]))
            os._exit(0)
        os.close(descriptors[0])


if __name__ == "__main__":
    main()
