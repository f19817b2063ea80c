"""How the laws run a training loop and compare it with torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mlp_core.model import MLP
from mlp_core.testing.bounds.envelopes import Envelope, explained
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.examples.training import Training
from mlp_core.testing.oracles.training import training_envelopes

TWIN = """\
twin = __import__("copy").deepcopy(model)
history = fit(model, x, y, rule=rule, **options)
optimizer, step_losses = rule.twin(twin.parameters()), []
for _ in range(options["epochs"]):
    for xb, yb in zip(x.split(options["batch_size"]), y.split(options["batch_size"])):
        optimizer.zero_grad()
        value = loss.value(twin(xb), yb)
        value.backward()
        optimizer.step()
        step_losses.append(value.detach())
step_losses = torch.stack(step_losses)
"""

LOSSES = """\
assert history.step_losses.shape == step_losses.shape, history.step_losses.shape
parted = [s for s, (a, b) in enumerate(zip(history.step_losses, step_losses)) if not (a == b or a != a and b != b)]
assert not parted, (parted[0], history.step_losses[parted[0]], step_losses[parted[0]])
"""

WEIGHTS = """\
for (name, p), q in zip(model.named_parameters(), twin.parameters()):
    assert torch.equal(p.nan_to_num(), q.nan_to_num()), (name, p, q)"""

ENTRY = """\
p, q = (dict(net.named_parameters())["{name}"][{index}].item() for net in (model, twin))
assert abs(p - q) <= {bound}, (p, q)"""

LOSS_ENTRY = """\
got, expected = (losses[{index}].item() for losses in (history.step_losses, step_losses))
assert abs(got - expected) <= {bound}, (got, expected)"""

CALL = """\
fit(model, x, y, rule=rule, **options)
fit(model, x, y, rule=rule, shuffle=True, generator=torch.Generator().manual_seed(1), **options)"""


def braced(text: str) -> str:
    """Lines of a snippet in which compare has nothing to fill in."""
    return text.replace("{", "{{").replace("}", "}}")


def trained(subject: Any, training: Training, model: MLP, x: Tensor, y: Tensor, **more: Any) -> Any:
    """The value that the subject's fit returns."""
    try:
        with foreign():
            return subject.fit(model, x, y, **{**training.options(), **more})
    except Broken as broken:
        broken.closing = CALL
        raise


def as_many(history: Any, expected: Tensor, what: str, closing: str) -> None:
    """Raise Broken if the number of step losses is not the expected one."""
    if history.step_losses.shape != expected.shape:
        got = f"shape {tuple(history.step_losses.shape)}"
        raise Broken(f"{what}step losses", got, f"shape {tuple(expected.shape)}, one per batch", closing=closing)


def within_rounding(
    training: Training, before: MLP, history: Any, after: MLP, x: Tensor, y: Tensor, what: str = "",
    *, rate: Callable[[int], float] | None = None, twin: str = TWIN,
) -> Evidence:  # fmt: skip
    """Compare a loop's result, from the model `before` to `after`, with torch's within what rounding explains. rate:
    the rate of each step; twin: the lines of a snippet that run torch's loop."""
    assert training.problem.loss is not None
    value, names = training.problem.loss.value, [name for name, _ in after.named_parameters()]
    found = training_envelopes(before, x, y, value, training.twin, training.epochs, training.batch_size, rate)

    def compared(envelope: Envelope) -> Evidence:
        as_many(history, envelope.expected[0], what, twin + LOSSES)
        got = [history.step_losses.double(), *(p.detach().double() for p in after.parameters())]
        three = zip(got, envelope.expected, envelope.silent, strict=True)
        spoken = [torch.where(silent, e, g) for g, e, silent in three]
        one = compare(
            ["loss"], spoken[:1], envelope.expected[:1], envelope.tolerance[:1], what=what,
            closing=braced(twin) + LOSS_ENTRY,
        )  # fmt: skip
        evidence = compare(
            names, spoken[1:], envelope.expected[1:], envelope.tolerance[1:], what=what, closing=braced(twin) + ENTRY
        )  # fmt: skip
        evidence.join(one, silent=int(sum(s.sum() for s in envelope.silent)))  # lost in rounding: not informative
        evidence.counted = evidence.entries > 0
        return evidence

    return explained(found, compared)
