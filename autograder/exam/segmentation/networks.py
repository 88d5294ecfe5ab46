"""The networks of assignment 06 as the exam's references, and what is known about them in closed form.

They stay in the examiner. References have the pieces that correct work may choose as arguments, and mutants are made
by changing one of them (`mistakes.py`).
"""

from __future__ import annotations


def valid_size(n: int, depth: int = 4) -> int:
    """Side of an unpadded U-Net's output: each pair of 3×3 convolutions takes four pixels of its level."""
    for _ in range(depth):
        n = (n - 4) // 2
    n -= 4
    for _ in range(depth):
        n = 2 * n - 4
    return n
