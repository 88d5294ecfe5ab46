"""Tensors and containers that are hard to take in.

status: graded|output|crashed
score: 3
"""

loop = []
loop.append(loop)
answers = [
    lambda: loop,
    lambda: torch.zeros(3, 3).to_sparse(),
    lambda: torch.zeros(3, device="meta"),
    lambda: torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8),
    lambda: torch.zeros(2, dtype=torch.complex64).conj(),
    lambda: torch.full((1, 1, 1, 1), float("nan")),
    lambda: torch.zeros(0),
    lambda: torch.nested.nested_tensor([torch.zeros(1), torch.zeros(2)]),
    lambda: [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]],
    lambda: {1: {2: object()}},
    lambda: "x" * 10**6,
    lambda: 10**10000,
    lambda: type("T", (), {"__len__": lambda s: 1 << 60})(),
    lambda: None,
]
calls = 0


def conv2d_naive(x, weight, bias=None):
    global calls
    calls += 1
    return answers[calls % len(answers)]()
