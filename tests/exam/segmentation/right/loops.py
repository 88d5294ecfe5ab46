"""Plain Python loops over output pixels and stamps; slow and right.

names: upsample_nearest, upsample_bilinear, conv_transpose2d, iou
"""

import torch


def upsample_nearest(x, scale):
    a, b = (scale, scale) if isinstance(scale, int) else scale
    rows = [torch.stack([x[:, :, i // a, j // b] for j in range(x.shape[3] * b)], -1) for i in range(x.shape[2] * a)]
    return torch.stack(rows, 2)


def upsample_bilinear(x, size, align_corners=False):
    h, w = (size, size) if isinstance(size, int) else size
    n, m = x.shape[2:]

    def place(i, old, new):
        if align_corners:
            at = i * (old - 1) / (new - 1) if new > 1 else 0.0
        else:
            at = max((i + 0.5) * old / new - 0.5, 0.0)
        low = min(int(at), old - 1)
        return low, min(low + 1, old - 1), at - low

    rows = []
    for i in range(h):
        y0, y1, t = place(i, n, h)
        row = []
        for j in range(w):
            x0, x1, s = place(j, m, w)
            top = x[:, :, y0, x0] * (1 - s) + x[:, :, y0, x1] * s
            bottom = x[:, :, y1, x0] * (1 - s) + x[:, :, y1, x1] * s
            row.append(top * (1 - t) + bottom * t)
        rows.append(torch.stack(row, -1))
    return torch.stack(rows, -2)


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    def pair(v):
        return (v, v) if isinstance(v, int) else v

    (sh, sw), (ph, pw), (oh, ow), (dh, dw) = pair(stride), pair(padding), pair(output_padding), pair(dilation)
    if oh >= max(sh, dh) or ow >= max(sw, dw):
        raise ValueError("output_padding")
    n, c, h, w = x.shape
    if c != weight.shape[0] or c % groups:
        raise ValueError("channels")
    per, (outs, kh, kw) = c // groups, weight.shape[1:]
    big = []
    for g in range(groups):
        part, kernel = x[:, g * per : (g + 1) * per], weight[g * per : (g + 1) * per]
        out = x.new_zeros(n, outs, (h - 1) * sh + dh * (kh - 1) + 1 + oh, (w - 1) * sw + dw * (kw - 1) + 1 + ow)
        for i in range(h):
            for j in range(w):
                stamp = torch.tensordot(part[:, :, i, j], kernel, 1)
                out[:, :, i * sh : i * sh + dh * (kh - 1) + 1 : dh, j * sw : j * sw + dw * (kw - 1) + 1 : dw] += stamp
        big.append(out)
    out = torch.cat(big, 1)
    out = out[:, :, ph : out.shape[2] - ph, pw : out.shape[3] - pw]
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def iou(pred, target, num_classes, ignore_index=255):
    both, either = [0] * num_classes, [0] * num_classes
    for p, t in zip(pred.flatten().tolist(), target.flatten().tolist()):
        if t == ignore_index:
            continue
        for c in {p, t}:
            if c < num_classes:
                either[c] += 1
                both[c] += p == t
    return torch.tensor([b / e if e else float("nan") for b, e in zip(both, either)])
