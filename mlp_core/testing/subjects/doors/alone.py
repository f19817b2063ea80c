"""A gradient without its loss: the loss is searched among those whose gradients are often written by hand.

A function that backpropagates by hand contains its own forward up to the place where the target meets the prediction.
Its gradients are compared with difference quotients of a few losses of prediction and target. The loss that explains
the most gradients, to the last digits, is chosen. If no loss explains any, nothing is judged.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import import_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, tensor_of
from mlp_core.testing.subjects.doors.alone_losses import NEAR, STEP, Missed, losses_of, may_be, penalty_of
from mlp_core.testing.subjects.doors.alone_shapes import Given, drawn_by, given_for
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import strategy_of
from mlp_core.testing.subjects.doors.seeds import Kept, kept_by, seeded

TRIALS, ENTRIES = 3, 3
"""the number of examples on which a loss is searched, and of entries per parameter"""


@dataclass(frozen=True)
class Parts:
    """Two functions made from a definition, in Python: gives(*arguments) -> gradients, and meets(*arguments) ->
    (prediction, target).
    """

    name: str
    text: str
    arguments: tuple[str, ...]
    wrt: tuple[str, ...]
    """the parameters that the gradients belong to"""
    target: str
    biases: frozenset[str]
    rate: str


@dataclass(frozen=True)
class Alone:
    """A gradient with the loss that was found."""

    parts: Parts
    things: Sequence[Any]
    axis: int
    loss: str = "0.0"
    data: str = "0.0"
    """the loss without a penalty"""

    def scope(self) -> dict[str, Any]:
        """The namespace in which the text runs."""
        held = dict(getattr(self.things[0], "__wrapped__", self.things[0]).__globals__)
        held.update({getattr(one, "__name__", ""): one for one in self.things})
        exec(f"{self.parts.text}\n{METS}", held)  # noqa: S102  (of lines that are the file's own)
        return held

    @cached_property
    def kept(self) -> Kept:
        """Its own random number generators."""
        return kept_by(*self.things)

    def run_of(self) -> Callable[[list[Any]], Run]:
        scope, loss = self.scope(), compile(self.loss, "loss", "eval")

        def run(args: list[Any]) -> Run:
            with seeded(self.kept):
                p, t = scope["met"](self.axis, *[copied(a) for a in args])
            value = eval(loss, {"np": np, "p": p, "t": t, **dict(zip(self.parts.arguments, args, strict=True))})  # noqa: S307
            with seeded(self.kept):
                found = scope["gives"](*args)
            return Run([np.float64(value)], lambda above: found)

        return run

    def source(self, example: Arguments) -> list[str]:
        first = import_of(self.things[0])
        if len(self.things) > 1:
            names = ", ".join(one.__name__ for one in self.things)
            first = [first[0], f"{names} = {first[-1].partition(' = ')[2]}"]
        return [
            *first, f"scope = dict({self.things[0].__name__}.__globals__)",
            f"exec({self.parts.text + chr(10) + METS!r}, scope)",
            "def run(args):", "    np.random.seed(0), torch.manual_seed(0)",
            f"    p, t = scope['met']({self.axis}, *copy.deepcopy(args))",
            f"    {', '.join(self.parts.arguments)}{',' * (len(self.parts.arguments) == 1)} = copy.deepcopy(args)",
            f"    value = np.float64({self.loss})", "    np.random.seed(0), torch.manual_seed(0)",
            "    found = scope['gives'](*args)", "    return [value], lambda above: found",
        ]  # fmt: skip


METS = """
def met(axis, *args):
    import numpy as np
    p, t = (np.array(v.detach().numpy() if hasattr(v, "detach") else v) for v in meets(*args))
    if t.shape != p.shape and t.dtype.kind in "iu":
        t = np.eye(p.shape[1 - axis])[t]
        t = t if axis == 0 else t.T
    return p, t
"""
"""prediction and target as arrays of one shape; classes become rows, or columns, of an identity matrix"""


def of_parts(parts: Parts, things: Sequence[Any]) -> Form:
    """The form of a gradient, with the loss that was found. Raises ArgumentError if no loss explains it."""
    best: tuple[int, str, Alone, Given] | None = None
    runs: Given | None = None  # with several rows: a single one would hide a missing mean
    for given in given_for(parts.arguments, parts.wrt, parts.target, parts.biases, parts.rate):
        if runs is not None and (given.lib != runs.lib or not given.several):
            continue
        found = _found(parts, things, given)
        runs = given if found is not None and given.several else runs
        if found is not None and found[0] > (best[0] if best is not None else 0):
            best = (*found, given)
        if best is not None and best[0] == len(parts.wrt):
            break
    if best is not None:
        _, words, alone, given = best
        asked = tuple(parts.arguments.index(n) for n in parts.wrt)
        return Form(
            parts.name, "loss with its gradient", strategy_of(drawn_by(given)), alone.run_of(), alone.source,
            names=parts.arguments, asked=asked, upstream=False,
            found=f'shapes found by trying: "{given.signature()}"; its loss is not in the file: compared with {words}',
        )  # fmt: skip
    call = ", ".join(parts.arguments)
    lines = (
        "the loss that it is the gradient of: from mlp_core.testing import subjects; "
        f"loss = lambda {call}: ...  # a number; subject = subjects.gradient(loss, {parts.name}, "
        'subjects.arrays("(n,d),..."))'
    )
    raise ArgumentError("loss", Described(f"none that {parts.name}({call}) is the gradient of"), lines)


def _found(parts: Parts, things: Sequence[Any], given: Given) -> tuple[int, str, Alone] | None:
    """The number of gradients that a loss explains, or 0 if fewer than half; the loss in words; and the gradient with
    it. None for shapes with which the function does not run.
    """
    alone = Alone(parts, things, given.axis)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scope = alone.scope()
            examples = [given.built(seed) for seed in range(TRIALS)]
            ran = [_ran(scope, alone, args) for args in examples]
            if not all(_fits(parts, args, *one) for args, one in zip(examples, ran, strict=True)):
                return None
            losses = list(losses_of(ran[0][1], given.axis))
            first = _missed(parts, alone, scope, examples[0], ran[0][0], losses)
            left = [k for k, one in enumerate(first) if 2 * sum(may_be(m) for m in one) >= len(one)]
            losses, first = [losses[k] for k in left], [first[k] for k in left]
            more = zip(examples[1:], ran[1:], strict=True)
            missed = (
                [first, *(_missed(parts, alone, scope, args, one[0], losses) for args, one in more)] if left else []
            )
    except Exception:  # foreign code with guessed shapes
        return None
    rows = [one[1].shape[given.axis if one[1].ndim > 1 else 0] for one in ran]
    best: tuple[int, str, Alone] | None = None
    for k, (words, loss) in enumerate(losses):
        terms = [penalty_of(name, [m[k][i] for m in missed], rows) for i, name in enumerate(parts.wrt)]
        agree = sum(t is not None for t in terms)
        whole = " + ".join([loss, *filter(None, terms)]).replace("ROWS", f"p.shape[{given.axis}]")
        if best is None or agree > best[0]:
            best = (
                agree,
                f"{words} and a penalty" if any(terms) else words,
                Alone(parts, things, given.axis, whole, loss),
            )
    if best is None or 2 * best[0] < len(parts.wrt):
        return 0, "", alone
    if best[0] < len(parts.wrt) and _adds(parts, best[2], scope, examples):
        return 0, "", alone
    return best


def _adds(parts: Parts, alone: Alone, scope: dict[str, Any], examples: Sequence[list[Any]]) -> bool:
    """Whether a gradient is that of the loss plus a term that depends only on the parameters: another penalty, which is
    not a mistake.
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
        for a, b in zip(one, two, strict=True)
    )  # fmt: skip


def _ran(scope: dict[str, Any], alone: Alone, args: list[Any]) -> tuple[list[Any], Any, Any]:
    with seeded(alone.kept):
        p, t = scope["met"](alone.axis, *[copied(a) for a in args])
    with seeded(alone.kept):
        found = scope["gives"](*[copied(a) for a in args])
    return (list(found) if isinstance(found, (tuple, list)) else [found]), p, t


def _fits(parts: Parts, args: list[Any], gave: list[Any], p: Any, t: Any) -> bool:
    """Whether prediction and target have one shape, and at least half of the gradients have the shapes of their
    parameters.
    """
    held = dict(zip(parts.arguments, args, strict=True))
    if p.shape != t.shape or not np.isfinite(p).all() or len(gave) != len(parts.wrt):
        return False
    return 2 * sum(np.shape(g) == np.shape(held[n]) for g, n in zip(gave, parts.wrt, strict=True)) >= len(gave)


def _missed(
    parts: Parts, alone: Alone, scope: dict[str, Any], args: list[Any], gave: list[Any],
    losses: Sequence[tuple[str, str]],
) -> list[list[Missed | None]]:  # fmt: skip
    """Per loss and gradient: the gradient minus the quotients; None if it has another shape."""

    def values(moved: list[Any]) -> Any:
        with seeded(alone.kept):
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
        chosen = np.random.default_rng(0).permutation(numbers.size)[:ENTRIES]
        slopes = []
        for i in chosen:
            sides = []
            for sign in (1, -1):
                moved = [copied(a) for a in args]
                moved[k].reshape(-1)[i] += sign * STEP
                sides.append(values(moved))
            slopes.append((sides[0] - sides[1]) / (2 * STEP))
        held, given = whole.reshape(-1)[chosen], numbers.reshape(-1)[chosen]
        for one, slope in zip(found, np.array(slopes).T, strict=True):
            size = max(np.abs(slope).max(), np.abs(given).max())
            one.append(Missed(given - slope, held, float(NEAR * size)))
    return found
