"""A gradient by hand of any function repeats itself, and leaves everything else alone."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import denormals_kept
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.laws.functions.shared import repeats

book = LawBook()

AGAIN = """\
with torch.no_grad():
    first, second = float(loss(params, *data)), float(loss(params, *data))
assert first == second, (first, second)"""

UNTOUCHED = """\
before = [t.clone() for t in (*params, *data) if isinstance(t, torch.Tensor)]
first = [g.clone() for g in gradient(params, *data)]
second = gradient(params, *data)
after = [t for t in (*params, *data) if isinstance(t, torch.Tensor)]
assert all(map(torch.equal, before, after)), "changed its arguments"
assert all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(first, second)), (first, second)
assert not any(g.requires_grad for g in first), "left a graph behind\""""

SEED = "torch.manual_seed(0) at its beginning"


@book.law(lambda subject: subject.inputs)
def repeats_itself_and_leaves_no_trace(subject: Any, inputs: Inputs) -> Evidence:
    """Called again, the gradient and the function give the same numbers; parameters, data, default dtype and the
    flushing of denormals stay as they were, and no graph is left behind. Drawing from a generator is no fault, if the
    numbers do not depend on it.

    A gradient that centres its data in place is right once, and wrong at every call after it.
    """
    params, data = inputs.fresh()
    state, drawn = (torch.get_default_dtype(), torch.get_num_threads()), _generators()
    with denormals_kept("gradient(params, *data)"):
        first = [g.clone() for g in subject.gradient(params, *data)]
        second = list(subject.gradient(params, *data))
    moved = [name for name, state_of in _generators().items() if state_of != drawn[name]]
    note = f"it draws from {' and '.join(moved)}; its numbers do not depend on what is drawn" if moved else ""
    if state != (torch.get_default_dtype(), torch.get_num_threads()):
        raise Broken("default dtype or thread count", "changed", "untouched", closing=UNTOUCHED)
    with denormals_kept("loss(params, *data)"):
        one, other, repeated = repeats(subject, inputs)
    if not repeated:
        raise Broken(
            "the function, called again", other, one, closing=AGAIN,
            note=f"the function is random: seed it ({SEED}), or take the randomness in as an argument",
        )  # fmt: skip
    handed = [(f"params[{k}]", p, q) for k, (p, q) in enumerate(zip(params, inputs.params, strict=True))]
    handed += [
        (f"data[{k}]", d, e) for k, (d, e) in enumerate(zip(data, inputs.data, strict=True)) if isinstance(d, Tensor)
    ]
    for name, value, before in handed:
        if not same_bits(value.detach(), before):
            raise Broken(name, "changed by the call", "untouched", closing=UNTOUCHED)
    for name, g in zip(inputs.names(), first, strict=False):
        if g.requires_grad:
            raise Broken(f"gradient of {name}", "requires grad: a graph is left behind", "detached", closing=UNTOUCHED)
    names = [f"gradient of {name}" for name in inputs.names()]
    try:
        evidence = compare(names, second, first, [0.0] * len(first), what="called again: ", closing=UNTOUCHED)
        evidence.note = note
        return evidence
    except Broken as broken:
        broken.note = f"the gradient does not repeat itself: it is random (seed it: {SEED}), or it keeps something"
        raise


def _generators() -> dict[str, object]:
    """The state of everybody's generators."""
    return {
        "torch's global generator": torch.get_rng_state().tolist(), "Python's global generator": random.getstate(),
    }  # fmt: skip
