"""The laws of a script that backpropagates by hand beside loss.backward()."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.envelopes import Envelope, explained, scatter
from mlp_core.testing.bounds.perturbed import PerturbedRounding
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence, Raised
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.subjects.doors.results import coarsest
from mlp_core.testing.subjects.doors.script import Beside, Seed

book = LawBook(judges=True)

COMPARED = """\
by_hand, _, name = {name!r}.partition(", compared with ")
mine, theirs = names[by_hand].detach(), names[name.removesuffix(".grad")].grad
mine = mine[None] if theirs.shape == (1, *mine.shape) else mine
assert mine.shape == theirs.shape, (mine.shape, theirs.shape)
got, expected = mine[{index}].item(), theirs[{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""

NONE = (
    "there is nothing to compare: name the gradient of a tensor NAME dNAME, d_NAME, NAME_grad or grad_NAME, and call "
    "loss.backward() so that NAME.grad exists; for a tensor that is not a leaf, call NAME.retain_grad() before"
)


@book.law(lambda subject: subject.seeds)
def every_gradient_by_hand_equals_autograd(subject: Any, seed: Seed) -> Evidence:
    """At the end of the script every dNAME equals NAME.grad, in float64, within what rounding explains: how far
    autograd's own gradients scatter when every operation errs by one more unit in the last place. The script runs under
    several seeds, because a single one may miss repeated indices, kinks and rows of zeros.

    allclose in float32 under one seed accepts a gradient that is wrong by a thousandth, or that is wrong only
    sometimes.
    """
    try:
        found = subject.beside(subject.at(seed.shift))
    except Exception as error:
        raised = Raised(error)
        return Evidence(counted=False, note=f"the script cannot be run: {raised.got} ({raised.note})")
    if not found:
        return Evidence(counted=False, note=NONE)
    for one in found:
        if one.mine.shape != one.theirs.shape:
            shapes = f"shape {tuple(one.mine.shape)}", f"shape {tuple(one.theirs.shape)}"
            raise Broken(_words(one), *shapes, closing=COMPARED.format(name=_words(one), index=(), bound=0.0))
    mine = [one.mine.double() for one in found]

    def compared(envelope: Envelope) -> Evidence:
        away = [s & (g != e) for s, g, e in zip(envelope.silent, mine, envelope.expected, strict=True)]
        spoken = [torch.where(a, e, g) for a, e, g in zip(away, envelope.expected, mine, strict=True)]
        limits = [t.nan_to_num(posinf=0.0) for t in envelope.tolerance]
        evidence = compare([_words(one) for one in found], spoken, envelope.expected, list(limits), closing=COMPARED)
        evidence.skipped = int(sum(a.sum() for a in away))
        evidence.entries -= evidence.skipped
        evidence.counted = evidence.entries > 0
        evidence.note = f"compared with autograd: {', '.join(one.by_hand for one in found)}"
        return evidence

    return explained(_envelopes(subject, seed, found), compared)


def _words(one: Beside) -> str:
    return f"{one.by_hand}, compared with {one.name}.grad"


def _envelopes(subject: Any, seed: Seed, found: list[Beside]) -> Iterator[Envelope]:
    """The range that rounding explains, from 0, 1, 2, 4 and 8 perturbed runs of the script."""
    theirs = [one.theirs.double() for one in found]
    deviations, names = [torch.zeros_like(t) for t in theirs], [one.name for one in found]
    u = max(coarsest([one.mine, one.theirs]) for one in found)
    sizes = [float(t.abs().nan_to_num().amax()) if t.numel() else 0.0 for t in theirs]
    for run in range(-1, references.RUNS):
        if run >= 0:
            mode = PerturbedRounding(torch.float64, torch.Generator().manual_seed(run))
            with mode:
                noisy = subject.run(seed.shift)
            scatter(deviations, [noisy[name].grad.double() for name in names], theirs)
        if run < 0 or (run + 1).bit_count() == 1:
            tolerance = [
                references.FARTHER * (d + 2 * u * torch.full_like(d, size))
                for d, size in zip(deviations, sizes, strict=True)
            ]
            silent = [~references.telling(t, size, u) for t, size in zip(tolerance, sizes, strict=True)]
            yield Envelope(theirs, tolerance, silent)


AGAIN = """\
def gradients(names):
    return {k: v.grad for k, v in names.items() if torch.is_tensor(v) and v.is_leaf and v.grad is not None}
again = {'__name__': '__main__'}
torch.set_default_dtype(torch.float64)
torch.manual_seed(0), np.random.seed(0)
try:
    exec(source, again)
finally:
    torch.set_default_dtype(torch.float32)
first, second = gradients(names), gradients(again)
assert all(torch.equal(first[k], second[k]) for k in first), "other gradients when run again\""""


@book.law(lambda subject: st.just(Seed(0)), judges=False)
def gives_the_same_gradients_when_run_again(subject: Any, seed: Seed) -> Evidence:
    """A second run under the same seeds gives the same gradients.

    Numbers that no seed determines cannot be reproduced, neither by this report nor by the person who looks for the
    mistake.
    """
    try:
        first, second = ({one.by_hand: one for one in subject.beside(subject.run(seed.shift))} for _ in range(2))
    except Exception:  # the other law reports it
        return Evidence(counted=False, note="the script cannot be run")
    for name, one in first.items():
        if name not in second or not same_bits(one.theirs, second[name].theirs):
            raise Broken(
                f"{one.name}.grad, second run", "other numbers", "the same", closing=AGAIN,
                note="some random numbers are not seeded: call torch.manual_seed(0) at the beginning",
            )  # fmt: skip
    return Evidence(entries=sum(one.theirs.numel() for one in first.values()))
