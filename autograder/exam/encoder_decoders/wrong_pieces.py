"""Which piece of a network is wrong, where its size and its layers are right but no known mistake gives its answers.

With uniform positive parameters the text's network is linear in each of its pieces: what one pooling gives, what one
level's skip carries, what one layer enlarges to. So a piece can be replaced by a few unknown numbers, and all others
kept: where some numbers give the answer that was seen, and no other piece can, this piece is the wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.encoder_decoders import mistaken_pieces as pieces
from autograder.exam.encoder_decoders.closed_form import Levels, UniformUNet
from autograder.exam.encoder_decoders.explaining import Kind, Question

T = torch.Tensor
Variants = Callable[[Kind, int], Sequence[Kind]]  # with a level's piece replaced by 0, then by each of its terms
FAINT = 1e-4  # of the answer: a smaller difference may be any piece's


@dataclass(frozen=True)
class Piece:
    """A piece: the feature that names it, what is said of it, and its variants."""

    tells: str
    words: str
    variants: Variants


def exchanged(kind: Kind, **methods: Any) -> Kind:
    """The network with these methods."""
    return type("Exchanged", (kind,), methods)


def pooled(kind: Kind, level: int) -> list[Kind]:
    """What the level below this one gets is a sum over each cell of 2×2 pixels, with four unknown weights."""

    def variant(factor: float, row: int, column: int) -> Kind:
        def pool(self: UniformUNet, x: T) -> T:
            return factor * x[..., row::2, column::2] if self.level == level + 1 else kind.pool(self, x)

        return exchanged(kind, pool=pool)

    return [variant(0, 0, 0), *(variant(1, row, column) for row in (0, 1) for column in (0, 1))]


def enlarged(kind: Kind, level: int) -> list[Kind]:
    """What this level's decoder gets from the deeper level is a number and a sum over 3×3 of its pixels, with unknown
    weights for each of the four pixels that it becomes."""

    def variant(bias: float, factor: float, phase: int, tap: int) -> Kind:
        def upconv(self: UniformUNet, x: T, width: int) -> T:
            if self.level != level:
                return kind.upconv(self, x, width)
            height, columns = x.shape[2:]
            around = F.pad(x, (1, 1, 1, 1))
            out = x.new_full((1, 1, 2 * height, 2 * columns), bias)
            seen = around[..., tap // 3 : tap // 3 + height, tap % 3 : tap % 3 + columns]
            out[..., phase // 2 :: 2, phase % 2 :: 2] += factor * seen
            return out

        return exchanged(kind, upconv=upconv)

    taps = [variant(0, 1, phase, tap) for phase in range(4) for tap in range(9)]
    return [variant(0, 0, 0, 0), variant(1, 0, 0, 0), *taps]


def _pool(x: T) -> T:
    return F.max_pool2d(x, 2)


# What a skip may carry: other maps of its level, of its neighbours taken to its size, the decoder's map, a number.
SOURCES: tuple[Callable[[int, list[Levels], T], T], ...] = (
    lambda level, levels, x: levels[level].second,
    lambda level, levels, x: levels[level].first,
    lambda level, levels, x: levels[level].given.mean(1, keepdim=True),
    lambda level, levels, x: pieces.doubled(_pool(levels[level].second)),
    lambda level, levels, x: pieces.doubled_smoothly(_pool(levels[level].second)),
    lambda level, levels, x: pieces.doubled(levels[level + 1].second),
    lambda level, levels, x: pieces.doubled_smoothly(levels[level + 1].second),
    lambda level, levels, x: _pool(levels[max(level - 1, 0)].second) if level else levels[0].second,
    lambda level, levels, x: x,
    lambda level, levels, x: torch.ones_like(x),
)


def carried(kind: Kind, level: int) -> list[Kind]:
    """What this level's skip carries is a sum of `SOURCES` with unknown weights."""

    def variant(factor: float, source: Callable[[int, list[Levels], T], T]) -> Kind:
        def skip(self: Any, at: int, levels: list[Levels]) -> T:
            self.levels = levels
            return kind.skip(self, at, levels)

        def join(self: Any, given: T, x: T, width: int) -> tuple[T, int]:
            if self.level != level:
                return kind.join(self, given, x, width)
            got = source(level, self.levels, x)
            if got.shape[2:] != x.shape[2:]:
                got = self.cropped(F.interpolate(got, given.shape[2:]), x)
            return width * (factor * got + x), 2 * width

        return exchanged(kind, skip=skip, join=join)

    return [variant(0, SOURCES[0]), *(variant(1, source) for source in SOURCES)]


def shifted(kind: Kind, level: int) -> list[Kind]:
    """An unknown number is added to all pixels of what this level's decoder gets: any piece may have done it."""

    def join(self: UniformUNet, skip: T, x: T, width: int) -> tuple[T, int]:
        total, inputs = kind.join(self, skip, x, width)
        return total + (self.level == level), inputs

    return [kind, exchanged(kind, join=join)]


PIECES = (
    Piece("pooling", "the pooling below its {}: it should give the maximum of each 2×2 cell", pooled),
    Piece("upsampling", "the upsampling to its {}: each pixel should become a block of 2×2 pixels", enlarged),
    Piece("skip", "the skip of its {}: it should carry the level's last map before the pooling", carried),
)
NAMES = "first level", "second level", "third level", "fourth level"


def explains(question: Question, right: Kind, variants: Sequence[Kind]) -> bool:
    """Do some weights of these variants give the answer that was seen?"""
    answers = [question.answer(kind) for kind in (right, *variants)]
    got = question.got
    if got is None or any(one is None or one.shape != got.shape for one in answers):
        return False
    seen, usual, zero, *terms = (
        right.before_last(one)[:, 0].flatten().double() for one in (got, *answers) if one is not None
    )
    off = (seen - usual).abs().max()
    if not bool(off > FAINT * seen.abs().max()) or 2 * len(terms) > len(seen):
        return False
    matrix = torch.stack([term - zero for term in terms], 1)
    weights = torch.linalg.lstsq(matrix, (seen - zero)[:, None], driver="gelsd").solution[:, 0]
    rest = (zero + matrix @ weights - seen).abs().max()
    return bool(rest <= 1e-3 * off + 1e-6 * seen.abs().max())


def wrong_piece(questions: Sequence[Question], kinds: Sequence[Kind]) -> tuple[Piece, str] | None:
    """The piece that is wrong, and its level in words; the networks of the fewest levels tell. kinds: what the network
    may be but for it. None where no piece of a single level, or one of several levels, may be it."""
    wrong = [q for q in questions if q.got is not None and not any(q.fits(kind) for kind in kinds)]
    for question in sorted(wrong, key=lambda q: q.plan.depth):
        levels = range(kinds[0].made_of(question.plan).depth)
        if any(explains(question, kind, shifted(kind, level)) for kind in kinds for level in levels):
            return None
        for piece in PIECES:
            found = [
                level
                for level in levels
                if any(explains(question, kind, piece.variants(kind, level)) for kind in kinds)
            ]
            if found:
                return (piece, NAMES[found[0]]) if len(found) == 1 else None
    return None
