"""Is what was drawn drawn from the right distribution? With bounds on how often right work fails."""

from __future__ import annotations

import torch

FAR = 7.0  # standard errors, of a mean or a share over thousands: farther off once in 10¹¹


def is_uniform(drawn: torch.Tensor, bound: float) -> bool:
    """Are these (n,) float64 numbers, 3,000 or more, drawn uniformly from −bound…bound? Right work fails less than once
    in 10⁹.

    None lies beyond the bound, and the largest comes within a hundredth of it (P ≤ 0.99ⁿ that it does not).
    """
    if not 0.99 * bound <= float(drawn.abs().max()) <= bound * (1 + 1e-6):
        return False
    return _spread_evenly((drawn / bound + 1) / 2)


def is_normal(drawn: torch.Tensor) -> bool:
    """Are these (n,) float64 numbers drawn from the standard normal distribution? Right work fails less than once in
    10⁹; 3,000 numbers tell a uniform distribution of the same spread from it."""
    return _spread_evenly(torch.special.ndtr(drawn))


def _spread_evenly(ranks: torch.Tensor) -> bool:
    """Are these (n,) numbers drawn uniformly from 0…1, as what a distribution function makes of its own numbers is?

    The empirical distribution is nowhere farther than `far` from the uniform one (Dvoretzky, Kiefer, Wolfowitz:
    P ≤ 2 exp(−2 n far²)).
    """
    n = ranks.numel()
    far, expected, steps = (12 / n) ** 0.5, ranks.sort().values, torch.arange(n + 1, dtype=torch.float64) / n
    return bool(torch.maximum((steps[1:] - expected).abs(), (steps[:-1] - expected).abs()).max() <= far)
