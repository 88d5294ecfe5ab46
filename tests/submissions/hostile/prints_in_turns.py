"""The cell prints to two streams in turns, thousands of times: no output is lost, and nobody is accused.

status: graded
score: 7
"""

import sys

def conv2d_naive(x, weight, bias=None):
    (n, c, h, w), (o, _, k, l) = x.shape, weight.shape
    y = torch.zeros(n, o, h - k + 1, w - l + 1, dtype=x.dtype)
    for i in range(k):
        for j in range(l):
            window = x[:, :, i : i + h - k + 1, j : j + w - l + 1]
            y = y + torch.einsum("nchw,oc->nohw", window, weight[:, :, i, j])
    return y if bias is None else y + bias[:, None, None]
for i in range(15_000):
    print(".", end="")
    print("#", end="", file=sys.stderr)
