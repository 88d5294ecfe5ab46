"""Graded names are no plain functions: an object with `__call__`, a partial, a lambda, a decorated closure.

names: output_size, conv2d_naive, apply_kernel, conv2d, conv2d_backward
"""

import functools

import torch

output_size = lambda n, kernel_size, stride=1, padding=0, dilation=1: (  # noqa: E731
    n + padding * 2 - (kernel_size - 1) * dilation - 1 + stride
) // stride


def pairs(**places):
    """A decorator: these arguments, each at its place, arrive as pairs."""

    def pair(value):
        return (value, value) if isinstance(value, int) else value

    def decorate(function):
        @functools.wraps(function)
        def called(*args, **kwargs):
            given = [pair(value) if place in places.values() else value for place, value in enumerate(args)]
            named = {name: pair(value) if name in places else value for name, value in kwargs.items()}
            return function(*given, **named)

        return called

    return decorate


class Correlation:
    """Cross-correlation; `conv2d` is an instance."""

    def __init__(self, words=("same", "valid")):
        self.words = words

    @pairs(stride=4, padding=5, dilation=6)
    def __call__(self, x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
        self._check(x, weight, bias, stride, padding, groups)
        out, each = weight.shape[0], weight.shape[1]
        reach = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:])]
        begin, end = self._border(padding, reach)
        x = torch.nn.ZeroPad2d((begin[1], end[1], begin[0], end[0]))(x)
        if x.shape[2] <= reach[0] or x.shape[3] <= reach[1]:
            raise ValueError("the kernel does not fit")
        parts = [
            self._plain(x[:, g * each : (g + 1) * each], weight[g * out // groups : (g + 1) * out // groups], stride, dilation)
            for g in range(groups)
        ]
        y = torch.cat(parts, 1)
        return y if bias is None else y + bias.unsqueeze(-1).unsqueeze(-1)

    def _check(self, x, weight, bias, stride, padding, groups):
        if isinstance(padding, str) and padding not in self.words:
            raise ValueError(f"padding is one of {self.words}")
        if padding == "same" and tuple(stride) != (1, 1):
            raise ValueError("same and a stride")
        if any(s < 1 for s in stride) or groups < 1:
            raise ValueError("stride and groups are positive")
        if weight.shape[0] % groups or x.shape[1] != groups * weight.shape[1]:
            raise ValueError("channels and groups")
        if bias is not None and bias.numel() != weight.shape[0]:
            raise ValueError("length of the bias")

    @staticmethod
    def _border(padding, reach):
        if padding == "valid":
            return (0, 0), (0, 0)
        if padding == "same":
            return [r // 2 for r in reach], [r - r // 2 for r in reach]
        return padding, padding

    @staticmethod
    def _plain(x, weight, stride, dilation):
        kh, kw = weight.shape[2:]
        windows = x.unfold(2, dilation[0] * (kh - 1) + 1, stride[0]).unfold(3, dilation[1] * (kw - 1) + 1, stride[1])
        return torch.tensordot(windows[..., :: dilation[0], :: dilation[1]], weight, ([1, 4, 5], [1, 2, 3])).movedim(-1, 1)


conv2d = Correlation()
conv2d_naive = functools.partial(Correlation(), stride=(1, 1), padding="valid")


class Filter:
    correlate = Correlation()

    def __call__(self, image, kernel):
        kernel = kernel.to(image.dtype)[None, None]
        whole = image if image.dim() == 3 else image.unsqueeze(0)
        return self.correlate(whole.unsqueeze(1), kernel, padding="same").squeeze(1).reshape(image.shape)


apply_kernel = Filter()


class Gradients:
    """Both gradients of a layer, in a method."""

    @pairs(stride=4, padding=5)
    def of(self, grad_out, x, weight, stride=(1, 1), padding=(0, 0)):
        (ph, pw), (sh, sw) = padding, stride
        padded = torch.zeros(*x.shape[:2], x.shape[2] + 2 * ph, x.shape[3] + 2 * pw, dtype=x.dtype)
        core = (slice(None), slice(None), slice(ph, ph + x.shape[2]), slice(pw, pw + x.shape[3]))
        padded[core] = x
        to_x, to_weight = torch.zeros_like(padded), torch.zeros_like(weight, memory_format=torch.contiguous_format)
        for i, j in torch.cartesian_prod(*map(torch.arange, grad_out.shape[2:])).tolist():
            at = (..., slice(i * sh, i * sh + weight.shape[2]), slice(j * sw, j * sw + weight.shape[3]))
            given = grad_out[:, :, i, j]
            to_x[at] += torch.tensordot(given, weight, 1)
            to_weight += torch.tensordot(given.T, padded[at], 1)
        return to_x[core], to_weight, torch.einsum("nthw->t", grad_out)


conv2d_backward = Gradients().of
