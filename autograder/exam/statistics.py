"""Is what was drawn drawn from the right distribution? With bounds on how often right work fails."""

from __future__ import annotations

import torch


def is_uniform(drawn: torch.Tensor, bound: float) -> bool:
    """Are these (n,) float64 numbers, 3,000 or more, drawn uniformly from −bound…bound? Right work fails less than once
    in 10⁹.

    None lies beyond the bound, the largest comes within a hundredth of it (P ≤ 0.99ⁿ that it does not), and the
    empirical distribution is nowhere farther than `far` from the uniform one (Dvoretzky, Kiefer, Wolfowitz:
    P ≤ 2 exp(−2 n far²)).
    """
    n = drawn.numel()
    far = (12 / n) ** 0.5
    if not 0.99 * bound <= float(drawn.abs().max()) <= bound * (1 + 1e-6):
        return False
    expected = (drawn.sort().values / bound + 1) / 2
    steps = torch.arange(n + 1, dtype=torch.float64) / n
    return bool(torch.maximum((steps[1:] - expected).abs(), (steps[:-1] - expected).abs()).max() <= far)


FAR = 7.0  # standard errors, of a mean or a share over thousands: farther off once in 10¹¹


def is_normal(drawn: torch.Tensor) -> bool:
    """Are these (n,) float64 numbers, 3,000 or more, drawn from the standard normal distribution? Right work fails less
    than once in 10⁹, by the inequality that `is_uniform` names."""
    n = drawn.numel()
    expected = torch.special.ndtr(drawn.sort().values)
    steps = torch.arange(n + 1, dtype=torch.float64) / n
    return bool(torch.maximum((steps[1:] - expected).abs(), (steps[:-1] - expected).abs()).max() <= (12 / n) ** 0.5)
