"""Finds the known mistakes that reproduce a wrong backpropagation, on the smallest example and on others.

The formulas of backpropagation have five sites. Mistakes in what flows through the network (upstream, derivative, flow)
are tried first, one at a time. Weights and biases may each have a further mistake, because nothing depends on them. A
mistake is named only if it reproduces everything that the subject did, on all examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import groupby, product
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import place_of
from mlp_core.testing.bounds import references
from mlp_core.testing.diagnosis.new_weights import through_new_weights
from mlp_core.testing.diagnosis.witnesses import RIGHT_SUBJECT, Seen, Witness, held, observe, witnesses
from mlp_core.testing.examples.problem import Case, Problem
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.faults.gradients import conduct as backprop
from mlp_core.testing.faults.gradients import course
from mlp_core.testing.faults.gradients.reverse import MISTAKES, PLACES, RIGHT, At, Formula, Mistake, reverse, walk

MISFITS = RuntimeError, IndexError
"""the exceptions of a formula whose shapes do not match"""


@lru_cache(maxsize=4)
def _found(subject: Any) -> list[list[tuple[Mistake, ...] | Fault]]:
    """the explanations found when other laws failed, newest first; possibly empty"""
    return []


def explanations(subject: Any, examples: Iterable[Problem]) -> list[tuple[Mistake, ...] | Fault]:
    """The mistakes that reproduce the subject on the examples, on which it is wrong, and on every witness. Of mistakes
    in formulas, the smallest sets.
    """
    own = [Witness(problem, observe(subject, problem)) for problem in examples]
    known = _found(subject)
    if known and all(_explains(one, w) for one in known[0] for w in own):
        return known[0]
    shown = [*own, *witnesses(subject)]
    if any(w.seen.remembers for w in shown):  # even if this shows nothing, its numbers depend on other calls
        shown = [w for w in shown if w.seen.remembers]
    wrong = [w for w in shown if not w.seen.like(observe(RIGHT_SUBJECT, w.problem))]
    shown = [*wrong, *(w for w in shown if w not in wrong)]  # first the examples on which most mistakes fail
    numbers = [w for w in wrong if not w.seen.conduct]
    if not wrong:
        return []
    found: list[tuple[Mistake, ...] | Fault] = []
    if numbers:
        richest = max(numbers, key=lambda w: sum(g.numel() for g in w.seen.gradients))
        for cores in _cores():
            fitting = sorted(_formulas_that_fit(cores, richest), key=len)
            for _, several in groupby(fitting, key=len):
                found = found or [m for m in several if m and all(_fits(m, w) for w in shown)]
            if found:
                break
        found = found or [(m,) for m in through_new_weights(richest) if all(_fits((m,), w) for w in shown)]
    found = found or [f for f in _whole(subject) if all(_explains(f, w) for w in shown)]
    if found or len(wrong) > len(own):  # nothing fits it on the witnesses, whichever example is used
        known.insert(0, found)
    return found


def _explains(found: tuple[Mistake, ...] | Fault, witness: Witness) -> bool:
    if isinstance(found, Fault):
        return observe(found.subject, witness.problem).like(witness.seen)
    return _fits(found, witness)


def _formulas_that_fit(cores: Iterable[tuple[Mistake, ...]], witness: Witness) -> Iterator[tuple[Mistake, ...]]:
    """Every way to reproduce the gradients of one witness by `cores`, which are mistakes in what flows through the
    network. At most one further mistake in the weight gradients and one in the bias gradients are added.
    """
    case, gradients = witness.case, witness.seen.gradients
    for core in cores:
        own: dict[str, list[Mistake | None]] = {site: [None, *_placed(site)] for site in ("bias", "weight")}
        try:
            for at, delta, _ in walk(case.model, case.trace, case.dL_dy, core):
                for site, index in (("bias", 2 * at.layer - 1), ("weight", 2 * at.layer - 2)):
                    if all(own.values()):
                        own[site] = _reproducing(own[site], site, at, delta, gradients[index])
        except MISFITS:
            continue  # the shapes do not match: these mistakes cannot have produced numbers
        for several in product(*own.values()):
            yield (*core, *(m for m in several if m is not None))


def _reproducing(
    mistakes: list[Mistake | None], site: str, at: At, delta: Tensor, got: Tensor
) -> list[Mistake | None]:  # fmt: skip
    """The mistakes at a site, or None for no mistake, that reproduce the observed gradient of a layer."""
    used = [m.formula if m is not None and m.sits(at.layer, at.model.L) else RIGHT[site] for m in mistakes]
    giving = {formula for formula in set(used) if _gives(formula, at, delta, got)}
    return [m for m, formula in zip(mistakes, used, strict=True) if formula in giving]


def _gives(formula: Formula, at: At, delta: Tensor, got: Tensor) -> bool:
    try:
        return references.reproduces(got, formula(at, delta))
    except MISFITS:
        return False


@cache
def _placed(site: str) -> list[Mistake]:
    """All mistakes of the catalogue at a site, in each place in which they make a difference."""
    places = {"upstream": ["every layer"], "flow": ["every layer", "the output layer"]}
    return [replace(m, place=place) for m in MISTAKES if m.site == site for place in places.get(site, PLACES)]


def _cores() -> list[list[tuple[Mistake, ...]]]:
    """The possible mistakes in what flows through the network: at most one, or one of the loss and one other."""
    within = [*_placed("derivative"), *_placed("flow")]
    single = [(m,) for m in (*_placed("upstream"), *within)]
    return [[(), *single], [(u, m) for u in _placed("upstream") for m in within if m.place == "every layer"]]


def _fits(mistakes: Sequence[Mistake], witness: Witness) -> bool:
    """Whether the mistakes reproduce the subject: the same numbers, or the same exception."""
    case, seen = witness.case, witness.seen
    gradients: list[Tensor] = []
    try:
        with torch.no_grad():
            for at, delta, use in walk(case.model, case.trace, case.dL_dy, mistakes):
                gradients[:0] = use["weight"](at, delta), use["bias"](at, delta)
    except MISFITS as error:
        return seen.conduct == {type(error).__name__}
    return not seen.conduct and all(map(references.reproduces, seen.gradients, gradients))


def _whole(subject: Any) -> list[Fault]:
    """The catalogue's mistakes outside of the formulas, in the form of the subject."""
    return course.CATALOGUE.faults if not subject.takes_upstream else backprop.CATALOGUE.faults


def diagnose(subject: Any, examples: list[Any]) -> str | None:
    """The known mistakes that reproduce the subject, in words, with their effect on the first example. None if there
    are none, or if they are of different kinds.
    """
    problems = [example for example in examples if isinstance(example, Problem)]
    found = explanations(subject, problems)
    words = {_words(mistakes, placed=False) for mistakes in found}
    if len(words) != 1:
        return None
    text = _words(found[0], placed=True)
    if not problems:
        return text
    case = held(problems[0])
    reverse(case.model, case.trace, case.dL_dy)
    return text + _shown(case, observe(subject, problems[0]))


def _words(found: tuple[Mistake, ...] | Fault, *, placed: bool) -> str:
    if isinstance(found, Fault):
        return found.words
    return "; and ".join(str(mistake) if placed else mistake.words for mistake in found)


def _shown(case: Case, seen: Seen) -> str:
    """The gradient entry that the mistake changes most."""
    worst, text = 0.0, ""
    for name, got, p in zip(case.names, seen.gradients, case.model.parameters(), strict=False):
        assert p.grad is not None
        if got.shape != p.shape or not p.numel():
            continue
        off = (got - p.grad).abs().double().nan_to_num(nan=float("inf"))
        index = place_of(int(off.argmax()), off.shape)
        if off[index] > worst:
            worst = off[index].item()
            text = f" ({name}, entry {index}: {got[index].item():.6g} instead of {p.grad[index].item():.6g})"
    return text
