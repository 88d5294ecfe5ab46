"""The cell starts processes without end.

status: graded
score: 7
"""

import multiprocessing, os, subprocess

def conv2d_naive(x, weight, bias=None):
    (n, c, h, w), (o, _, k, l) = x.shape, weight.shape
    y = torch.zeros(n, o, h - k + 1, w - l + 1, dtype=x.dtype)
    for i in range(k):
        for j in range(l):
            window = x[:, :, i : i + h - k + 1, j : j + w - l + 1]
            y = y + torch.einsum("nchw,oc->nohw", window, weight[:, :, i, j])
    return y if bias is None else y + bias[:, None, None]
started = 0
for start in (os.fork, lambda: subprocess.run(["true"]), multiprocessing.Process(target=print).start):
    try:
        if start() == 0:
            os._exit(0)
        started += 1
    except OSError:
        pass
if started:
    del conv2d_naive
