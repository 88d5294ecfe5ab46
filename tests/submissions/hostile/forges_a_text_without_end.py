"""A forged answer, deep and with a text that never ends, which takes hours to read by trial.

status: crashed
score: 3
says: channel|ended the process
"""

import os, struct

head = b"[" * 41 + b'"' + b'\\"' * 500_000
for descriptor in range(3, 64):
    try:
        os.write(descriptor, struct.pack("<IQ", len(head), 0) + head)
    except OSError:
        pass
