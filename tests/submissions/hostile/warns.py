"""A right answer that warns and writes to stderr loses nothing.

status: graded
score: 7
"""

import logging, sys, warnings

def conv2d_naive(x, weight, bias=None):
    (n, c, h, w), (o, _, k, l) = x.shape, weight.shape
    y = torch.zeros(n, o, h - k + 1, w - l + 1, dtype=x.dtype)
    for i in range(k):
        for j in range(l):
            window = x[:, :, i : i + h - k + 1, j : j + w - l + 1]
            y = y + torch.einsum("nchw,oc->nohw", window, weight[:, :, i, j])
    return y if bias is None else y + bias[:, None, None]
right = conv2d_naive


def conv2d_naive(*arguments):
    warnings.warn("Careful!")
    logging.error("Careful!")
    print("Careful!", file=sys.stderr)
    return right(*arguments)


conv2d_naive(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
