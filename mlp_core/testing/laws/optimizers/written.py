"""The law of an optimizer about values that are written into its groups: they take effect from then on."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.changes import Changes
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import KNOWN, copies, equal_values
from mlp_core.testing.laws.optimizers.rate import needs_an_lr_of_0
from mlp_core.testing.laws.optimizers.shared import SAME, look, noise, same, shown_on
from mlp_core.testing.laws.optimizers.values import names_in_groups

WRITE = """\
begun, k, NAME = hyper, AFTER, "FIELD"
def finished(hyper, then):
    params = fresh()
    optimizer, path = mine([{{**g, **h}} for g, h in zip(groups(params), [hyper])], **hyper), []
    for step, row in enumerate(gradients):
        if step == k and then is not None:
            [group.update({{NAME: then}}) for group in optimizer.param_groups]
        [setattr(p, "grad", g.clone()) for p, g in zip(params, row)]
        optimizer.step()
        path.append([p.detach().clone() for p in params])
    return params, optimizer, path
moved = {{**hyper[0], NAME: VALUE}}
"""
"""AFTER, FIELD and VALUE are filled in by the law"""

WRITTEN = (
    WRITE
    + """\
params, optimizer, _ = finished(hyper[0], VALUE)
got = look(params, optimizer, "{name}")[{index}].item()
params, optimizer, _ = finished(moved, None)
expected = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

UNHEARD = (
    WRITE
    + """\
*_, still = finished(hyper[0], None)
*_, changed = finished(hyper[0], VALUE)
assert any(not torch.equal(a[INDEX], b[INDEX]) for a, b in zip(still, changed)), "a change of FIELD moves nothing\""""
)

book = OptimizerBook(waivable=True)


OTHERS = 8
"""choices of hyperparameters that are searched for another value"""

PLAIN = 0.1
"""a value acts on a step if the step changes by at least this part of itself. A different first step also changes
later steps, through the parameters, but by less"""


def changes(subject: Any) -> st.SearchStrategy[Changes]:
    """Scenarios that contain parameters of several kinds of shape, with each known hyperparameter changed."""
    names, others = _known_names(subject), sample(subject.hyper, OTHERS)

    def moved(scenario: Scenario) -> Changes:
        pairs = []
        for name in names:
            now = scenario.groups[0][name]
            value = next((h[name] for h in reversed(others) if not equal_values(h[name], now)), now)
            pairs.append((name, *subject.moved(scenario, name, value)))
        return Changes(tuple(pairs))

    kinds = [shape for shape in subject.kinds if 0 not in shape]
    small = subject.telling(each=tuple(kinds[:1] + kinds[3:6]) or subject.few()[:1], steps=(4, 4))
    return small.map(moved)


def _known_names(subject: Any) -> list[str]:
    return [name for name in names_in_groups(subject) if name in KNOWN and name in subject.varied]


def needs_known_ones(subject: Any) -> str | None:
    if subject.max_groups < 2:
        return "it accepts only one parameter group"
    return None if _known_names(subject) else f"its groups have none of the hyperparameters {', '.join(KNOWN)}"


@book.law(changes, skip=needs_known_ones, share=FEW, doing="with a value written into its groups")
def obeys_what_is_written_into_its_groups(subject: Any, drawn: Changes) -> Evidence:
    """If lr, betas, momentum, weight_decay or eps is written into the groups of a new optimizer, it acts as a
    constructor argument does. If it is written after a step, it acts on every kind of parameter whose steps it affects,
    or raises a ValueError.

    Schedules write into the groups. An optimizer that copies a value in its constructor or in the first step ignores
    every later one.
    """
    entries = 0
    for name, plain, moved in drawn.pairs:
        value = moved.groups[0][name]
        if equal_values(plain.groups[0][name], value):
            continue
        made = _finished(subject, moved)
        wrote = _finished(subject, plain, name, value, 0)
        closing = WRITTEN.replace("AFTER", "0").replace("FIELD", name).replace("VALUE", repr(value))
        with shown_on(plain):
            if name != "lr" or not _begins_from_its_lr(subject, plain, wrote):
                what = f"{name}={value!r} written before the first step: "
                same(look(plain, *wrote[:2]), look(plain, *made[:2]), what, closing)
            entries += _heard(subject, plain, name, value, made[2])
    return Evidence(entries=entries, counted=entries > 0)


def _begins_from_its_lr(subject: Any, plain: Scenario, wrote: tuple[list[Tensor], Any, list[list[Tensor]]]) -> bool:
    """Whether an lr that is written acts, although other values depend on the lr at construction: AdaBound's bounds are
    relative to it, and torch's schedulers keep it too.
    """
    still = _finished(subject, plain)[2]
    return not all(same_bits(a, b) for x, y in zip(still, wrote[2], strict=True) for a, b in zip(x, y, strict=True))


def _finished(
    subject: Any, scenario: Scenario, name: str = "", value: Any = None, after: int | None = None
) -> tuple[list[Tensor], Any, list[list[Tensor]]]:  # fmt: skip
    """Parameters, optimizer, and parameters after every step of a run in which a value is written into the groups after
    some steps."""
    params = scenario.fresh()
    optimizer, path = subject.optimizer(scenario, params), []
    for step in range(len(scenario.gradients)):
        if step == after:
            for group in optimizer.param_groups:
                group[name] = value
        scenario.set_gradients(params, step)
        subject.step(scenario, optimizer, params)
        path.append(copies(params))
    return params, optimizer, path


def _heard(subject: Any, plain: Scenario, name: str, value: Any, made: list[list[Tensor]]) -> int:
    """Whether a value that is written after the first step changes the later steps of all parameters for which it would
    do so from the beginning."""
    if name == "lr" and needs_an_lr_of_0(subject) is not None:
        return 1  # it only sets where the steps begin
    if name == "momentum" and not plain.groups[0][name]:
        return 1  # its buffer is made in the first step or never: switched on late, torch's RMSprop raises a KeyError
    *left, still = _finished(subject, plain)
    try:
        *wrote, changed = _finished(subject, plain, name, value, 1)
    except Broken as raised:
        if isinstance(raised.__cause__, ValueError):
            return 1  # refused with an error, which counts as acting
        raise
    one, other = look(plain, *left), look(plain, *wrote)
    for k, p in enumerate(still[0]):
        pairs = [(made[s][k] - made[s - 1][k], still[s][k] - still[s - 1][k]) for s in range(1, len(still))]
        largest = max(float(t[k].abs().max()) for t in (*still, *made)) if p.numel() else 0.0
        acts = any(_differ(a, b, noise(p.dtype) * largest) for a, b in pairs)
        kept = [key for key in one if key.endswith(f"params[{k}]")]  # a sign may hide it, but the state shows it
        unheard = all(key in other and same_bits(one[key], other[key]) for key in kept)
        if acts and unheard and all(same_bits(a[k], b[k]) for a, b in zip(still, changed, strict=True)):
            closing = UNHEARD.replace("AFTER", "1").replace("FIELD", name).replace("INDEX", str(k))
            closing = closing.replace("VALUE", repr(value)).replace("{{", "{").replace("}}", "}")
            raise Broken(
                f"params[{k}] with shape {tuple(p.shape)}, after {name} was written into its group",
                "the same as before", "moved otherwise", closing=closing,
                measured=f"{name} written into a group after the first step changes nothing for params[{k}], of shape "
                f"{tuple(p.shape)}",
            )  # fmt: skip
    return len(still[0])


def _differ(a: Tensor, b: Tensor, rounding: float) -> bool:
    """Whether two steps differ clearly, and by more than rounding explains."""
    if not a.numel():
        return False
    gap, largest = float((a - b).abs().max()), float(torch.maximum(a.abs(), b.abs()).max())
    return gap > rounding and gap > PLAIN * largest
