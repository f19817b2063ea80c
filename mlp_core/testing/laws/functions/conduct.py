"""A hand-written gradient of any function repeats itself and changes nothing else."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import in_words, modes_kept, random_states
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
def repeats_itself_without_side_effects(subject: Any, inputs: Inputs) -> Evidence:
    """A second call of the gradient and of the function gives the same numbers. Parameters, data and torch's global
    modes, such as the default dtype, are unchanged, and no graph is left behind. Drawing random numbers is allowed if
    the result does not depend on them.

    A gradient that, for example, centres its data in place is correct in the first call and wrong in every later one.
    """
    params, data = inputs.fresh()
    drawn = random_states()
    with modes_kept("gradient(params, *data)") as changed:
        first = [g.clone() for g in subject.gradient(params, *data)]
        second = list(subject.gradient(params, *data))
    moved = [f"{whose}'s global generator" for whose, now in random_states().items() if now != drawn[whose]]
    told = [f"it draws from {' and '.join(moved)}; its result does not depend on the draws"] if moved else []
    note = "; ".join([*told, *filter(None, [in_words(changed)])])
    with modes_kept("loss(params, *data)"):
        one, other, repeated = repeats(subject, inputs)
    if not repeated:
        raise Broken(
            "a second call of the function", other, one, closing=AGAIN,
            note=f"the function is random: seed it ({SEED}), or pass the random numbers as an argument",
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
        random, keeps = f"it is random (seed it: {SEED})", "it keeps something between calls"
        broken.note = f"a second call gives another gradient: {random}, or {keeps}"
        raise
