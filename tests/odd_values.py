"""What a student's code may give back and no exam expects: Python expressions, for this process and for a candidate."""

PRELUDE = '''
import numpy as np
import torch
from torch import nn


class Liar(torch.Tensor):
    """Says of itself what is wanted, and fails at all else."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if "shape" in str(function):
            return torch.Size([1, 1, 3, 3])
        raise KeyError(str(function))


class Pretender:
    __class__ = property(lambda self: torch.Tensor)


class Refuser:
    __class__ = property(lambda self: 1 / 0)
    __repr__ = __str__ = lambda self: 1 / 0


class Changing(list):
    """Another list each time that one looks."""

    def __iter__(self):
        self.append(object() if len(self) % 2 else torch.eye(2).to_sparse())
        return iter(list.copy(self))


class ChangingDict(dict):
    def items(self):
        self[str(len(self))] = object() if len(self) % 2 else b"bytes"
        return list(dict.items(self))


class Silent(nn.Module):
    def forward(self, *args, **kwargs):
        pass


def itself():
    value = []
    value.append(value)
    return value


def deeper(*args):
    return deeper(*args)


def nested(n):
    return 1.0 if n == 0 else [nested(n - 1)]


def quantised():
    return torch.quantize_per_tensor(torch.ones(3, 3), 0.1, 0, torch.quint8)
'''

ODD = {
    "None": "None",
    "a bool": "True",
    "an int of 1024 bits": "2**1024 - 1",
    "a negative one": "1 - 2**1024",
    "an int of more digits than Python prints": "10**5000",
    "NaN": "float('nan')",
    "infinity": "float('-inf')",
    "a complex number": "3 + 4j",
    "text": "'ab' * 50_000",
    "text that no file holds": "'\\udc80'",
    "bytes": "b'bytes'",
    "an empty tuple": "()",
    "a tuple of tensors": "(torch.ones(3, 3), torch.zeros(3), None)",
    "a list of tensors": "[torch.ones(3), torch.ones(3)]",
    "vectors that PyTorch does not multiply": "[torch.ones(3, dtype=d) for d in (torch.uint64, torch.uint16)]",
    "a dict": "{'out': torch.ones(1, 1, 3, 3), 3: None}",
    "a set": "{1, 2}",
    "a list that holds itself": "itself()",
    "a deep list": "nested(30)",
    "a list that changes": "Changing([1.0])",
    "a dict that changes": "ChangingDict(identity=torch.ones(3, 3))",
    "a NumPy number": "np.float32(3)",
    "a NumPy array": "np.ones((1, 1, 3, 3))",
    "an array of objects": "np.array([None, 'a'], dtype=object)",
    "a sparse tensor": "torch.eye(3).to_sparse()",
    "a compressed tensor": "torch.eye(3).to_sparse_csr()",
    "a quantised tensor": "quantised()",
    "a tensor without memory": "torch.ones(1, 1, 3, 3, device='meta')",
    "a complex tensor": "torch.ones(1, 1, 3, 3, dtype=torch.complex64)",
    "a conjugate's imaginary part": "torch.ones(1, 1, 3, 3, dtype=torch.complex64).conj().imag",
    "float16": "torch.ones(1, 1, 3, 3).half()",
    "bfloat16": "torch.ones(1, 1, 3, 3).bfloat16()",
    "float8": "torch.ones(1, 1, 3, 3).to(torch.float8_e5m2)",
    "uint64": "torch.ones(1, 1, 3, 3, dtype=torch.uint64)",
    "bools": "torch.ones(1, 1, 3, 3, dtype=torch.bool)",
    "an empty tensor": "torch.ones(0, 1, 3, 3)",
    "a tensor without axes": "torch.tensor(3.0)",
    "a tensor of 70 axes": "torch.zeros([1] * 70)",
    "a tensor of NaN": "torch.full((1, 1, 3, 3), float('nan'))",
    "a tensor that is expanded": "torch.zeros(1).expand(2**40)",
    "a tensor with gaps": "torch.zeros(2, 2, 3, 3)[::2, ::2]",
    "a tensor that lies": "torch.ones(1, 1, 3, 3).as_subclass(Liar)",
    "an object that says it is a tensor": "Pretender()",
    "an object that will not be looked at": "Refuser()",
    "a parameter": "nn.Parameter(torch.ones(1, 1, 3, 3))",
    "a type of numbers": "torch.float16",
    "a module": "nn.Conv2d(1, 1, 3)",
    "a module that gives nothing": "Silent()",
    "a class": "Silent",
    "a function": "deeper",
    "a generator": "(i for i in range(3))",
    "an exception": "ValueError('no')",
    "...": "...",
}


def namespace() -> dict:
    """The names that the expressions take."""
    scope: dict = {}
    exec(PRELUDE, scope)
    return scope
