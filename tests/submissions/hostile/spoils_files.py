"""Files of the course that can be read are to be changed, renamed, closed to others.

status: graded
score: 7
"""

import os, shutil

import convcourse

def conv2d_naive(x, weight, bias=None):
    (n, c, h, w), (o, _, k, l) = x.shape, weight.shape
    y = torch.zeros(n, o, h - k + 1, w - l + 1, dtype=x.dtype)
    for i in range(k):
        for j in range(l):
            window = x[:, :, i : i + h - k + 1, j : j + w - l + 1]
            y = y + torch.einsum("nchw,oc->nohw", window, weight[:, :, i, j])
    return y if bias is None else y + bias[:, None, None]
# VICTIM is put in by the test: a folder of its own with one file. What can be read is tried more gently.
victim = "VICTIM/file"
changed = 0
for attempt in (
    lambda: open(victim, "a").write("#"),
    lambda: os.chmod(victim, 0),
    lambda: os.chmod("VICTIM", 0o777),
    lambda: os.utime(victim, (0, 0)),
    lambda: os.chown(victim, 1, 1),
    lambda: os.rename(victim, victim + "~"),
    lambda: os.truncate(victim, 0),
    lambda: os.setxattr(victim, "user.x", b"x"),
    lambda: os.link(victim, "here"),
    lambda: os.mkfifo("VICTIM/pipe"),
    lambda: shutil.rmtree("VICTIM"),
):
    try:
        attempt()
    except OSError:
        pass
for path in (convcourse.__file__, torch.__file__, os.__file__):
    before = os.stat(path)
    descriptor = os.open(path, os.O_RDONLY)
    for attempt in (
        lambda: os.chmod(path, before.st_mode ^ 1),
        lambda: os.fchmod(descriptor, before.st_mode ^ 1),
        lambda: os.utime(path, (before.st_atime, before.st_mtime + 1)),
        lambda: os.utime(descriptor, (before.st_atime, before.st_mtime + 1)),
        lambda: os.setxattr(path, "user.x", b"x"),
    ):
        try:
            attempt()
        except OSError:
            pass
        after = os.stat(path)
        if (before.st_mode, before.st_mtime) != (after.st_mode, after.st_mtime):
            changed += 1
            os.chmod(path, before.st_mode)
if changed:
    del conv2d_naive
