"""Losses whose gradients are often written by hand, and whether given gradients belong to one of them, apart from a
penalty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

KINDS = {
    "squared error": "np.sum((p - t) ** 2) / 2",
    "cross-entropy": "-np.sum(t * np.log(p))",
    "binary cross-entropy": "-np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))",
    "the negative log-likelihood of Poisson counts": "np.sum(p - t * np.log(p))",
}
"""losses of a prediction p and a target t, summed"""

MARGINS = {
    "the hinge loss max(0, 1 - y f)": "np.sum(np.maximum(0, 1 - t * p))",
    "the loss of a perceptron, max(0, -y f)": "np.sum(np.maximum(0, -t * p))",
}
"""losses of a target y and a prediction f that are multiplied"""

SCALES = {
    "the sum of": "1.0", "the mean over rows of": "1.0 / p.shape[AXIS]", "the mean of": "1.0 / p.size",
    "twice the sum of": "2.0", "twice the mean over rows of": "2.0 / p.shape[AXIS]",
    "twice the mean of": "2.0 / p.size",
}  # fmt: skip

NEAR, STEP = 1e-5, 2.0**-14
"""how close a quotient must be for a loss to be chosen; the laws then use the bound"""


def losses_of(p: Any, axis: int, *, margin: bool = False) -> Iterator[tuple[str, str]]:
    """Losses of a prediction, in words and in Python. margin: whether it is multiplied with the target."""
    if margin:
        for (kind, text), scale in product(MARGINS.items(), list(SCALES)[:3]):
            yield f"{scale} {kind}", f"{SCALES[scale].replace('AXIS', str(axis if p.ndim > 1 else 0))} * ({text})"
        return
    inside = bool(((p > 0) & (p < 1)).all())
    one = inside and p.ndim == 1 and len(p) > 1 and bool(np.isclose(p.sum(), 1))
    rows = inside and p.ndim == 2 and bool(np.allclose(p.sum(axis=1 - axis), 1)) and p.shape[1 - axis] > 1
    sums = one or rows
    kinds = ["squared error"] + ["cross-entropy"] * sums + ["binary cross-entropy"] * (inside and not sums)
    kinds += [list(KINDS)[3]] * (bool((p > 0).all()) and not inside)
    for kind, scale in product(kinds, SCALES):
        words = f"{scale} {kind}"
        if kind == "squared error":  # its record is half of it
            whole = scale.removeprefix("twice ")
            words = f"{whole} the squared error" if whole != scale else f"{scale} half the squared error"
        yield words, f"{SCALES[scale].replace('AXIS', str(axis if p.ndim > 1 else 0))} * ({KINDS[kind]})"


@dataclass(frozen=True)
class Missed:
    """Some entries of a gradient: the difference from the quotients of a loss, the parameter there, and the tolerance.
    """

    off: Any
    held: Any
    near: float

    def none(self) -> bool:
        return bool(np.abs(self.off).max() <= self.near)

    def factor(self) -> float:
        """The factor of the parameter that fits best."""
        return float((self.off * self.held).sum() / (self.held * self.held).sum())


SPARED: tuple[tuple[str, Any], ...] = (
    ("", np.s_[...]), ("[1:]", np.s_[1:]), ("[:-1]", np.s_[:-1]), ("[:, 1:]", np.s_[:, 1:]),
    ("[:, :-1]", np.s_[:, :-1]),
)  # fmt: skip
"""the part of a parameter that has a penalty: people leave out the bias, which is its first or last row or column"""


def part_of(one: Missed | None, part: Any) -> Missed | None:
    """The part; None if the gradient differs outside of it as well. `one` has the shape of the parameter."""
    if one is None or one.off.ndim < (len(part) if isinstance(part, tuple) else 1):
        return None
    outside = one.off.copy()
    outside[part] = 0
    inside = Missed(one.off[part].reshape(-1), one.held[part].reshape(-1), one.near)
    return inside if inside.off.size and bool(np.abs(outside).max() <= one.near) else None


def may_be(one: Missed | None) -> bool:
    """Whether a gradient is that of the loss on an example, apart from a multiple of the parameter."""
    return one is not None and (one.none() or bool(np.abs(one.off - one.factor() * one.held).max() <= one.near))


def term_of(name: str, missed: Sequence[Missed | None], rows: Sequence[int]) -> str | None:
    """As penalty_of, of whole parameters: the penalty may spare a bias in one of them."""
    for index, part in SPARED:
        found = penalty_of(f"{name}{index}", [part_of(one, part) for one in missed], rows)
        if found is not None:
            return found
    return None


def penalty_of(name: str, missed: Sequence[Missed | None], rows: Sequence[int]) -> str | None:
    """The penalty that must be added to a loss for one parameter: "" if the gradient is that of the loss, half a
    multiple of its square if the gradient has this additional term everywhere, and None otherwise.
    """
    if not all(map(may_be, missed)):
        return None
    several = [one for one in missed if one is not None]
    if all(one.none() for one in several):
        return ""
    for per, text in ((1, ""), (rows, " / ROWS")):
        whole = [one.factor() * (r if per is rows else 1) for one, r in zip(several, rows, strict=True)]
        nice = float(f"{whole[0]:.4g}")
        if nice > 0 and all(abs(c - nice) <= 1e-3 * nice for c in whole):
            return f"{nice!r} / 2 * ({name} ** 2).sum(){text}"
    return None
