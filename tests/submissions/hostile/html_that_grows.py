"""HTML from which a parser makes a thousand times as much.

status: graded|output
score: 7
"""

def conv2d_naive(x, weight, bias=None):
    (n, c, h, w), (o, _, k, l) = x.shape, weight.shape
    y = torch.zeros(n, o, h - k + 1, w - l + 1, dtype=x.dtype)
    for i in range(k):
        for j in range(l):
            window = x[:, :, i : i + h - k + 1, j : j + w - l + 1]
            y = y + torch.einsum("nchw,oc->nohw", window, weight[:, :, i, j])
    return y if bias is None else y + bias[:, None, None]
for _ in range(3):
    display({"text/html": "".join(f"<p><b t={i}>x" for i in range(1000))}, raw=True)
