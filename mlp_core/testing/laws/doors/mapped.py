"""The law that a function under torch.vmap gives each sample the numbers that it gives without vmap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds import forwards, references
from mlp_core.testing.bounds.perturbed import PerturbedRounding
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import source_of
from mlp_core.testing.laws.doors.shared import NOT_FINITE, RANDOM, filled, held
from mlp_core.testing.subjects.doors.function import FunctionForm
from mlp_core.testing.subjects.doors.pulled import finite

book = LawBook()

BATCH = 3
"""samples in a batch"""

RULE = "look at the vmap rule: in_dims holds the batch axis of each argument, or None if it has no batch axis"

MAPPED = """\
batch, in_dims = BATCH, IN_DIMS
whole = [torch.stack([one[k] for one in batch], d) if d is not None else batch[0][k] for k, d in enumerate(in_dims)]
def numbers(call, args, mapped):
    own = [a.clone().requires_grad_(in_dims[k] is not None) if torch.is_tensor(a) and a.is_floating_point() else a
           for k, a in enumerate(args)]
    found = call(*own)
    outs = [o for o in (found if isinstance(found, tuple) else [found]) if o.is_floating_point()]
    live, leaves = [o for o in outs if o.requires_grad], [a for k, a in enumerate(own) if in_dims[k] is not None]
    above = [torch.tensor(c).expand(o.shape).to(o) for c, o in zip(ABOVE, outs) if o.requires_grad]
    grads = torch.autograd.grad(live, leaves, above, allow_unused=True, materialize_grads=True)
    dims = [d for d in in_dims if d is not None]
    return [o[WHICH] for o in outs] + [g.select(d, WHICH) for g, d in zip(grads, dims)] if mapped else [*outs, *grads]
got, expected = numbers(torch.vmap(CALL, in_dims), whole, True)[PART], numbers(CALL, batch[WHICH], False)[PART]
assert abs(float(got[{index}]) - float(expected[{index}])) <= {bound}, (got, expected)"""

RAISES = """\
batch, in_dims = BATCH, IN_DIMS
whole = [torch.stack([one[k] for one in batch], d) if d is not None else batch[0][k] for k, d in enumerate(in_dims)]
torch.vmap(CALL, in_dims)(*whole)"""


def has_no_rule(subject: FunctionForm) -> str | None:
    return None if subject.mapped else "it has no vmap rule; generate_vmap_rule = True would create one"


@book.law(lambda subject: subject.inputs, skip=has_no_rule)
def gives_the_same_under_vmap(subject: FunctionForm, example: Arguments) -> Evidence:
    """Under torch.vmap each sample gets the outputs and gradients that it gets without vmap, within what rounding
    explains. This holds for every batch axis of every argument.

    Per-sample gradients, ensembles and Jacobians use the vmap rule. Ordinary training never runs it, so that no other
    test shows a mistake in it.
    """
    real = [path[0] for path in example.paths()]
    evidence = Evidence(counted=False)
    for stacked, last in ((real, False), (real, True), *(([k], k % 2 == 0) for k in real if len(real) > 1)):
        batch = [example.moved({(k,): example.args[k] * (1 + b / 4) for k in stacked}) for b in range(BATCH)]
        in_dims = tuple((a.dim() if last else 0) if k in stacked else None for k, a in enumerate(example.args))
        with foreign(), subject.guarded(example.args):
            alone = [_numbers(subject.apply, one, stacked, example.above) for one in batch]
        if any(subject.random):
            return Evidence(counted=False, note=RANDOM)
        if not all(map(finite, alone)):
            return Evidence(counted=False, note=NOT_FINITE)
        words = {"BATCH": source_of(batch), "IN_DIMS": repr(in_dims), "CALL": subject.call_word}
        with subject.guarded(example.args):
            got = _mapped(subject, example, batch, in_dims, words)
        for b in range(BATCH):
            evidence.join(
                _held(subject, example, batch[b], stacked, [t[b] for t in got], alone[b], {**words, "WHICH": str(b)})
            )
    evidence.counted = evidence.entries > 0
    return evidence


Above = Callable[[Sequence[Sequence[int]]], list[Tensor]]


def _numbers(apply: Any, args: Sequence[Any], by: Sequence[int], above: Above) -> list[Tensor]:
    """The outputs for one sample, and the gradients by some of its arguments."""
    return _taken(apply, args, by, lambda outs: above([tuple(o.shape) for o in outs]))


def _taken(apply: Any, args: Sequence[Any], by: Sequence[int], above: Callable[[list[Tensor]], list[Tensor]]) -> Any:
    own = [a.detach().clone().requires_grad_() if k in by else a for k, a in enumerate(args)]
    with torch.enable_grad():
        found = apply(*own)
        outs = [o for o in (found if isinstance(found, (tuple, list)) else [found])
                if isinstance(o, Tensor) and o.is_floating_point()]  # fmt: skip
        live = [(o, c.to(o.dtype)) for o, c in zip(outs, above(outs), strict=True) if o.requires_grad]
        grads = torch.autograd.grad(
            [o for o, _ in live], [own[k] for k in by], [c for _, c in live], allow_unused=True, materialize_grads=True
        ) if live else [torch.zeros_like(own[k]) for k in by]  # fmt: skip
    return [t.detach().double() for t in (*outs, *grads)]


def _mapped(
    subject: FunctionForm, example: Arguments, batch: list[list[Any]], in_dims: tuple[int | None, ...],
    words: dict[str, str],
) -> list[list[Tensor]]:  # fmt: skip
    """The same numbers under vmap, each for the whole batch. Raises Broken if the function raises."""
    by = [k for k, d in enumerate(in_dims) if d is not None]
    whole = [a if d is None else torch.stack([one[k] for one in batch], d)
             for k, (a, d) in enumerate(zip(batch[0], in_dims, strict=True))]  # fmt: skip

    def above(outs: list[Tensor]) -> list[Tensor]:
        return [c.expand(o.shape) for c, o in zip(example.above([tuple(o.shape[1:]) for o in outs]), outs, strict=True)]

    try:
        found = _taken(torch.vmap(subject.apply, in_dims), whole, by, above)
    except Exception as error:
        raise Broken(
            f"under torch.vmap, in_dims={in_dims}", f"{type(error).__name__}: {error}"[:200], "no exception",
            note=RULE, closing=filled(RAISES, **words),
        ) from error  # fmt: skip
    count = len(found) - len(by)
    grads = [g.movedim(in_dims[k] or 0, 0) for g, k in zip(found[count:], by, strict=True)]
    return [list(t) for t in (*found[:count], *grads)]


def _held(
    subject: FunctionForm, example: Arguments, one: list[Any], by: list[int], got: list[Tensor], alone: list[Tensor],
    words: dict[str, str],
) -> Evidence:  # fmt: skip
    """Compare the numbers of one sample of the batch with those that it gets without vmap."""
    count = len(alone) - len(by)
    names = [f"output {k} under torch.vmap" for k in range(count)]
    names += [f"gradient of {subject.words((k,))} under torch.vmap" for k in by]
    above = repr([c.tolist() for c in example.above([tuple(t.shape) for t in alone[:count]])])
    closings = [filled(MAPPED, **words, ABOVE=above, PART=str(k)) for k in range(len(alone))]
    try:
        return held(names, got, alone, _limits(alone, alone), closings, RULE)
    except Broken:
        runs = []
        for seed in range(references.RUNS):
            mode = PerturbedRounding(torch.float64, torch.Generator().manual_seed(seed))
            with subject.guarded(example.args), mode:
                moved = [a * mode.factors(a) if k in by else a for k, a in enumerate(one)]
                runs.append(_numbers(subject.apply, moved, by, example.above))
        return held(names, got, alone, _limits(alone, *runs), closings, RULE)


def _limits(plain: list[Tensor], *runs: list[Tensor]) -> list[Tensor]:
    """The tolerance of each number: how far it scatters over the runs."""
    each = zip(plain, zip(*runs, strict=True), strict=True)
    spread = [torch.stack([(r - p).abs() for r in several]).amax(0) for p, several in each]
    sizes = [torch.full_like(p, forwards.largest(p)) for p in plain]
    return [references.perturbed(s, m, torch.float64) for s, m in zip(spread, sizes, strict=True)]
