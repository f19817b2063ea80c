"""Whether a gradient is that of a loss for some shapes: difference quotients of the loss, on a few examples."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mlp_core.testing.examples.foreign_arrays import copied, tensor_of
from mlp_core.testing.subjects.doors.alone_losses import NEAR, STEP, Missed, losses_of, may_be, penalty_of, term_of
from mlp_core.testing.subjects.doors.alone_parts import Alone
from mlp_core.testing.subjects.doors.alone_shapes import Given
from mlp_core.testing.subjects.doors.parts import Parts
from mlp_core.testing.subjects.doors.seeds import seeded

TRIALS, ENTRIES = 3, 3
"""the number of examples on which a loss is searched, and of entries per parameter"""


class Tried(NamedTuple):
    """The result for some shapes: the number of gradients that the loss explains, the loss in words, the gradient with
    it, and whether every gradient has the shape of its parameter.
    """

    agree: int
    words: str
    alone: Alone
    whole: bool


def tried_with(parts: Parts, things: Sequence[Any], given: Given) -> Tried | None:
    """The number of gradients that a loss explains, or 0 if fewer than half. None for shapes with which the function
    does not run. Warnings of foreign code with guessed shapes are ignored.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _tried(parts, things, given)


def _tried(parts: Parts, things: Sequence[Any], given: Given) -> Tried | None:
    alone = Alone(parts, things, given.axis)
    try:
        scope = alone.scope()
        examples = [given.built(seed) for seed in range(TRIALS)]
        ran = [_ran(scope, alone, args) for args in examples]
        if not all(_fits(parts, args, *one) for args, one in zip(examples, ran, strict=True)):
            return None
        whole = all(
            np.shape(g) == np.shape(args[parts.arguments.index(n)])
            for args, one in zip(examples, ran, strict=True) for g, n in zip(one[0], parts.wrt, strict=True)
        )  # fmt: skip
        losses = [("", "")] if parts.own else list(losses_of(ran[0][1], given.axis, margin=parts.margin))
        first = _missed(parts, alone, scope, examples[0], ran[0][0], losses)
        left = [k for k, one in enumerate(first) if parts.own or 2 * sum(may_be(m) for m in one) >= len(one)]
        losses, first = [losses[k] for k in left], [first[k] for k in left]
        more = zip(examples[1:], ran[1:], strict=True)
        missed = (
            [first, *(_missed(parts, alone, scope, args, one[0], losses) for args, one in more)] if left else []
        )
    except Exception:  # foreign code with guessed shapes
        return None
    if parts.own:
        by = [[m[0][i] for m in missed] for i in range(len(parts.wrt))]
        return Tried(1 + sum(all(one is not None and one.none() for one in ones) for ones in by), "", alone, whole)
    rows = [one[1].shape[given.axis if one[1].ndim > 1 else 0] for one in ran]
    best: Tried | None = None
    open_ = list[int]()
    for k, (words, loss) in enumerate(losses):
        terms = [penalty_of(name, [m[k][i] for m in missed], rows) for i, name in enumerate(parts.wrt)]
        agree = sum(t is not None for t in terms)
        if 2 * agree < len(parts.wrt) or agree <= (best.agree if best is not None else 0):
            continue
        every = [_missed(parts, alone, scope, args, one[0], [("", loss)], None)[0]
                 for args, one in zip(examples, ran, strict=True)]  # fmt: skip
        terms = [term_of(name, [m[i] for m in every], rows) for i, name in enumerate(parts.wrt)]
        full = " + ".join([loss, *filter(None, terms)]).replace("ROWS", f"p.shape[{given.axis}]")
        held = f"; its loss is not in the file: compared with {words}{' and a penalty' * any(terms)}"
        best = Tried(agree, held, Alone(parts, things, given.axis, full, loss), whole)
        open_ = [i for i, term in enumerate(terms) if term is None]
    if best is None or 2 * best.agree < len(parts.wrt):
        return Tried(0, "", alone, whole)
    adds = best.agree < len(parts.wrt) and _adds(parts, best.alone, scope, examples, open_)
    return Tried(0, "", alone, whole) if adds else best


def _adds(
    parts: Parts, alone: Alone, scope: dict[str, Any], examples: Sequence[list[Any]], among: Sequence[int]
) -> bool:  # fmt: skip
    """Whether one of some gradients is that of the loss plus a term that depends only on the parameters: another
    penalty, which is not a mistake. among: the indices of these gradients.
    """
    first, other = examples[:2]
    mixed = [a if n in parts.wrt else b for n, a, b in zip(parts.arguments, first, other, strict=True)]
    found = []
    for args in (first, mixed):
        gave, p, _ = _ran(scope, alone, args)
        (missed,) = _missed(parts, alone, scope, args, gave, [("", alone.data)])
        found.append((missed, p.shape[alone.axis if p.ndim > 1 else 0]))
    (one, rows), (two, others) = found
    return any(
        a is not None and b is not None and not a.none()
        and any(bool(np.abs(a.off * x - b.off * y).max() <= a.near * max(x, y)) for x, y in ((1, 1), (rows, others)))
        for k, (a, b) in enumerate(zip(one, two, strict=True)) if k in among
    )  # fmt: skip


def _ran(scope: dict[str, Any], alone: Alone, args: list[Any]) -> tuple[list[Any], Any, Any]:
    with seeded(alone.kept):
        here = [copied(a) for a in args]
        p, t = (scope["value"](*here), 0.0) if alone.parts.own else scope["met"](alone.axis, *here)
    with seeded(alone.kept):
        found = scope["gives"](*[copied(a) for a in args])
    return (list(found) if isinstance(found, (tuple, list)) else [found]), p, t


def _fits(parts: Parts, args: list[Any], gave: list[Any], p: Any, t: Any) -> bool:
    """Whether prediction and target have one shape, and at least half of the gradients have the shapes of their
    parameters.
    """
    held = dict(zip(parts.arguments, args, strict=True))
    if np.shape(p) != np.shape(t) or not np.isfinite(p).all() or len(gave) != len(parts.wrt):
        return False
    return 2 * sum(np.shape(g) == np.shape(held[n]) for g, n in zip(gave, parts.wrt, strict=True)) >= len(gave)


def _missed(
    parts: Parts, alone: Alone, scope: dict[str, Any], args: list[Any], gave: list[Any],
    losses: Sequence[tuple[str, str]], entries: int | None = ENTRIES,
) -> list[list[Missed | None]]:  # fmt: skip
    """Per loss and gradient: the gradient minus the quotients, in some entries, or in all of them in their shape; None
    if it has another shape.
    """

    def values(moved: list[Any]) -> Any:
        with seeded(alone.kept):
            if parts.own:
                return np.array([float(scope["value"](*moved))])
            p, t = scope["met"](alone.axis, *moved)
        return np.array([float(eval(loss, {"np": np, "p": p, "t": t})) for _, loss in losses])  # noqa: S307

    found: list[list[Missed | None]] = [[] for _ in losses]
    for g, name in zip(gave, parts.wrt, strict=True):
        k = parts.arguments.index(name)
        whole, numbers = tensor_of(args[k]).numpy(), tensor_of(g).numpy()
        if numbers.shape != whole.shape:
            for one in found:
                one.append(None)
            continue
        some = np.random.default_rng(0).permutation(numbers.size)[:entries]
        chosen = np.arange(numbers.size) if entries is None else some
        slopes = []
        for i in chosen:
            sides = []
            for sign in (1, -1):
                moved = [copied(a) for a in args]
                moved[k].reshape(-1)[i] += sign * STEP
                sides.append(values(moved))
            slopes.append((sides[0] - sides[1]) / (2 * STEP))
        form = whole.shape if entries is None else chosen.shape
        held, given = (array.reshape(-1)[chosen].reshape(form) for array in (whole, numbers))
        for one, slope in zip(found, (np.array(column).reshape(form) for column in np.array(slopes).T), strict=True):
            size = max(np.abs(slope).max(), np.abs(given).max())
            one.append(Missed(given - slope, held, float(NEAR * size)))
    return found
