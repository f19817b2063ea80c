"""Arguments that a function of a file means to be positive numbers or probabilities, as its logarithm of them shows.

`np.log(np.clip(p, 1e-7, 1 - 1e-7))` is constant where p is no probability. Its gradient by hand is right between 0 and
1, and is not meant to be 0 elsewhere. Such an argument is drawn where the function means it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import is_real, like, tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.seeds import seeded

TRIED = 3
"""the number of examples that are looked at"""

EDGE = 1e-9
"""how far outside of 0 and 1 a clipped argument is already constant"""

STEEP = 0.25
"""the least change between 0.99 and a clip, in changes between 0.5 and 0.99: a logarithm changes more there, and a
function that is merely clipped hardly changes
"""

Domain = Callable[[Tensor], Tensor]


def _positive(a: Tensor) -> Tensor:
    return a.abs() + 0.5


def _probability(a: Tensor) -> Tensor:
    return 0.1 + 0.8 * torch.sigmoid(a)


DOMAINS: dict[str, Domain] = {"positive": _positive, "between 0 and 1": _probability}
"""the domains, in the order in which they are tried"""


def narrowed(form: Form) -> Form:
    """The same form with such arguments drawn in their domain, which `found` names."""
    examples = sample(form.inputs, TRIED + 1)[1:]
    places = [k for k, a in enumerate(examples[0].args) if is_real(a)]
    domains = _domains(form, examples, places)
    if not domains:
        return form
    told = [f"{form.words((k,))} is drawn {word}" for k, word in domains.items()]
    inputs = form.inputs.map(lambda example: _within(example, domains))
    found = "; ".join([one for one in (form.found, *told) if one])
    return replace(form, inputs=inputs, found=found, positive=tuple(domains))


def _domains(form: Form, examples: Sequence[Arguments], places: Sequence[int]) -> dict[int, str]:
    if all(_finite(form, one) for one in examples):
        every = {k: [word for one in examples if (word := _clipped(form, one, k))] for k in places}
        return {k: words[0] for k, words in every.items() if words}
    for several in (*([k] for k in places), places):
        for word in DOMAINS:
            domains = dict.fromkeys(several, word)
            if all(_finite(form, _within(one, domains)) for one in examples):
                return domains
    return {}


def _within(example: Arguments, domains: Mapping[int, str]) -> Arguments:
    args = [like(DOMAINS[domains[k]](tensor_of(a)), a) if k in domains else a for k, a in enumerate(example.args)]
    return replace(example, args=tuple(args))


def _clipped(form: Form, example: Arguments, k: int) -> str:
    """The domain in which an argument is not clipped; empty if it is not clipped, or not for a logarithm."""
    drawn = tensor_of(example.args[k])

    def at(value: float, spread: float = 0.0) -> Tensor | None:
        moved = like(value + spread * (1 + drawn.abs()), example.args[k])
        return _values(form, [moved if i == k else a for i, a in enumerate(example.fresh())])

    found = [at(0.5), at(0.01), at(-EDGE), at(0.0, -1.0), at(0.99), at(1 + EDGE), at(2.0, 1.0)]
    if any(one is None for one in found):
        return ""
    middle, low, below, far_below, high, above, far_above = (one for one in found if one is not None)
    if not below.equal(far_below):
        return ""
    steep = _apart(low, below) > STEEP * _apart(middle, low) > 0
    if above.equal(far_above):
        steep = steep or _apart(high, above) > STEEP * _apart(middle, high) > 0
        return "between 0 and 1" if steep else ""
    return "positive" if steep else ""


def _apart(one: Tensor, other: Tensor) -> float:
    return (one - other).norm().item() if one.shape == other.shape else 0.0


def _values(form: Form, args: list[Any]) -> Tensor | None:
    """All outputs as one vector; None if the function does not run there, or is not finite."""
    try:
        with seeded():
            outs = form.values(args)
    except Exception:  # foreign code with arguments that it may not take: another law reports it
        return None
    whole = torch.cat([o.reshape(-1) for o in outs]) if outs else torch.zeros(0)
    return whole if bool(whole.isfinite().all()) else None


def _finite(form: Form, example: Arguments) -> bool:
    with np.errstate(all="ignore"):
        return _values(form, example.fresh()) is not None
