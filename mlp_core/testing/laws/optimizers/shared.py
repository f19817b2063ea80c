"""Shared by the laws of optimizers: snapshots of parameters and state, and how two of them are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.bounds import rounding
from mlp_core.testing.bounds.envelopes import Envelope, envelopes, explained, left_out
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.examples.scenario import Scenario, state_tensors

SAME = "assert got == expected or got != got and expected != expected, (got, expected)"
"""equality of bits, where NaN equals NaN. The closings of the snippets run the subject twice and contain none of its
numbers, so that they pass once the subject is fixed"""

LITERAL = (
    """\
*_, (params, optimizer) = run(mine)
got, expected = look(params, optimizer, "{name}")[{index}].item(), {expected}
"""
    + SAME
)

ONCE = """\
*_, (params, optimizer) = run(mine)
expected = look(params, optimizer, "{name}")[{index}].item()
"""

AGAIN = (
    ONCE
    + """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

ADJACENT = """\
from mlp_core.layout import Layout
*_, (pieces, _) = run(mine)
layout = Layout.of([p.shape for p in fresh()], fresh()[0].dtype)
params, grads = (layout.views(torch.zeros(layout.size, dtype=fresh()[0].dtype)) for _ in range(2))
for i, (p, value) in enumerate(zip(params, fresh())):
    p.copy_(value.detach()).requires_grad_().owned = layout.owned(i)
optimizer = mine(groups(params), **hyper[0])
for step, row in enumerate(gradients):
    set_lr(optimizer, step)
    for p, g, value in zip(params, grads, row):
        p.grad = None if value is None else g.copy_(value)
    optimizer.step()
for p, q in zip(params, pieces):
    assert torch.equal(p.nan_to_num(), q.nan_to_num()), (p, q)"""

SEVERAL = (2, 6)
"""steps of the laws that compare an optimizer with itself; those with a reference have up to twelve"""


OBSERVED = 100
"""the least effect of a hyperparameter that counts, in roundings"""


def noise(dtype: torch.dtype) -> float:
    """The relative difference that rounding may cause: 100 u, or sqrt(u) if that is less, because 100 roundings are too
    many for 16 bits."""
    u = rounding.unit_roundoff(dtype)
    return min(OBSERVED * u, u**0.5)


def claimed(claim: str, meaning: str) -> Any:
    """A skip for subjects without the claim that a law needs."""
    return lambda subject: None if claim in subject.claims else f"not claimed: add {claim!r} to the claims if {meaning}"


def look(scenario: Scenario, params: Sequence[Tensor], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Copies of every parameter and every tensor of state, by name."""
    return {name: value.clone() for name, value in seen(scenario, params, optimizer).items()}


def seen(scenario: Scenario, params: Sequence[Tensor], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Every parameter and every tensor of state, by name, without copying."""
    found = {}
    for name, p in zip(scenario.names(), params, strict=True):
        found[name] = p.detach()
        found.update({f"{key} of {name}": value for key, value in state_tensors(optimizer, p).items()})
    return found


def same(got: dict[str, Tensor], expected: dict[str, Tensor], what: str, closing: str) -> Evidence:
    """Compare two snapshots bit for bit; a name that only one of them has is a difference."""
    if got.keys() != expected.keys():
        odd = sorted(got.keys() ^ expected.keys())[0]
        slot, _, p = odd.rpartition(" of ")
        there = f"def has(params, optimizer):\n    return optimizer.state[{p}].get({slot!r}) is not None\n"
        raise Broken(
            f"{what}{odd}", "there" if odd in got else "missing", "missing" if odd in got else "there",
            closing=there + _about(closing, "has({seen})", odd),
        )  # fmt: skip
    for name, value in got.items():
        if value.shape != expected[name].shape:
            raise Broken(
                f"{what}{name}", f"shape {tuple(value.shape)}", f"shape {tuple(expected[name].shape)}",
                closing=_about(closing, 'tuple(look({seen}, "{name}").shape)', name),
            )  # fmt: skip
        if value.dtype != expected[name].dtype:
            raise Broken(
                f"{what}{name}", value.dtype, expected[name].dtype,
                closing=_about(closing, 'look({seen}, "{name}").dtype', name),
            )  # fmt: skip
    return compare(list(got), list(got.values()), list(expected.values()), [0.0] * len(got), what=what, closing=closing)


def as_saved(got: dict[str, Tensor], expected: dict[str, Tensor]) -> dict[str, Tensor]:
    """A snapshot after loading, with state in the dtypes that it had. torch's `load_state_dict` casts every tensor of
    state except `step` to the dtype of its parameter, so an integer counter becomes a float. Only the numbers matter:
    state is cast back where that keeps every number.
    """
    return {name: _cast_back(value, expected.get(name, value).dtype) for name, value in got.items()}


def _cast_back(value: Tensor, dtype: torch.dtype) -> Tensor:
    back = value.to(dtype)
    return back if same_bits(back.to(value.dtype), value) else value


LOOK = re.compile(r'look\((.*?), "\{name\}"\)\[\{index\}\]\.item\(\)')


def _about(closing: str, expression: str, name: str) -> str:
    """A closing that compares another property of a tensor: its shape, its dtype, or whether it exists."""
    other = LOOK.sub(lambda found: expression.replace("{seen}", found[1]), closing)
    return other.format(name=name, index=(), expected=None, bound=0.0)


@contextmanager
def shown_on(example: Any) -> Iterator[None]:
    """Let the snippet build `example` instead of the example of the law."""
    try:
        yield
    except Broken as broken:
        broken.example = example
        raise


def agree(
    subject: Any, scenario: Scenario, names: Sequence[str], got: Sequence[Tensor], expected: Sequence[Tensor],
    *, what: str = "", closing: str = "", arranged: Callable[[list[Tensor]], list[Tensor]] = list,
) -> Evidence:  # fmt: skip
    """Compare two ways to run a scenario: bit for bit, or, for an optimizer without a reference that is exact, within
    what rounding explains. `arranged` turns one tensor per parameter into the tensors that are compared."""
    try:
        return compare(names, got, expected, [0.0] * len(got), what=what, closing=closing)
    except Broken:
        if subject.exact:
            raise

    def compared(found: list[Envelope]) -> Evidence:
        tolerance, silent = arranged(found[-1].tolerance), arranged([s.double() for s in found[-1].silent])
        four = zip(got, expected, tolerance, silent, strict=True)
        silent = [left_out(g, e, t, s > 0) for g, e, t, s in four]
        spoken = [torch.where(s, e.double(), g.double()) for g, e, s in zip(got, expected, silent, strict=True)]
        evidence = compare(names, spoken, [e.double() for e in expected], tolerance, what=what, closing=closing)
        evidence.entries -= int(sum(s.sum() for s in silent))
        evidence.counted = evidence.entries > 0
        return evidence

    return explained(envelopes(scenario, subject.make), compared, foreign)
