"""Laws of any training function: after every epoch the weights equal those of torch.optim.SGD."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy
from torch import Tensor

from mlp_core.equality import same, same_bits
from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.envelopes import Envelope
from mlp_core.testing.bounds.rounding import unit_roundoff
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import Check, LawBook
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.laws.optimizers.shared import shown_on
from mlp_core.testing.laws.training.chosen import chosen
from mlp_core.testing.oracles.loops import envelopes_of, follow
from mlp_core.testing.subjects.training_functions import Trained


def twin_of(run: TrainingRun, *, told: bool = False) -> str:
    """Lines of a snippet that train as torch does beside the function; `told`: with the losses of all steps."""
    lines = [
        f"model, twin, {'losses, ' * told}(x, y) = trained({run.epochs})[0], net(), {'[], ' * told}data()",
        "optimizer = sgd(twin)",
        f"for batches in rounds[:{run.epochs}]:",
        "    for k, rows in enumerate(batches):",
    ]
    clear, step = "optimizer.zero_grad()", "optimizer.step()"
    value = ["value = loss(twin(x[rows]), y[rows])"]
    value += ["losses.append((value.item(), len(rows)))"] * told
    value.append("(value / accumulation).backward()" if run.accumulation > 1 else "value.backward()")
    clip = ["torch.nn.utils.clip_grad_norm_(twin.parameters(), clip)"] * (run.clip is not None)
    if run.accumulation > 1:
        inner = ["if k % accumulation == 0:", f"    {clear}", *value, "if (k + 1) % accumulation == 0:",
                 *(f"    {line}" for line in [*clip, step])]  # fmt: skip
    else:
        inner = [clear, *value, *clip, step]
    return "\n".join([*lines, *(f"        {line}" for line in inner), ""])


ENTRY = """\
p, q = (dict(m.named_parameters())["{name}"][{index}].item() for m in (model, twin))
assert abs(p - q) <= {bound}, (p, q)"""

WIDER = 2**10
"""the tolerance from 8 perturbed runs is at most this many times the deviation of the first one"""

REFUSED = "it ends no run on a small module, loss and loader: {}; pass parameters by roles={{...}} and given={{...}}"


class FunctionBook(LawBook):
    """Laws of training functions: they are skipped for one that cannot be run, because its arguments may be unknown."""

    def law(self, given: Any, name: str = "", **options: Any) -> Callable[[Check], Check]:
        known = super().law(given, name, **options)
        return lambda function: known(_if_it_ends(function))


def _if_it_ends(function: Check) -> Check:
    @wraps(function)
    def asked(subject: Any, run: Any) -> Evidence:
        if subject.refused:
            return Evidence(counted=False, note=REFUSED.format(subject.refused))
        return function(subject, run)

    return asked


book = FunctionBook(judges=True)


def runs(**options: Any) -> Callable[[Any], SearchStrategy[TrainingRun]]:
    return lambda subject: subject.runs(**options)


def needs(*roles: str) -> Callable[[Any], str | None]:
    """A skip for functions that cannot be given a role."""

    def skip(subject: Any) -> str | None:
        missing = [role for role in roles if not subject.varies(role)]
        words = {"momentum": "momentum", "decay": "weight decay"}
        return f"it takes no {words[missing[0]]}" if missing else None

    return skip


def names_of(run: TrainingRun) -> list[str]:
    return [name for name, _ in run.module().named_parameters()]


def equals_torch(subject: Any, run: TrainingRun) -> Evidence:
    """Compare the final weights with torch's. A failure names the first epoch after which they differ."""
    got = subject.trained(run)
    right = follow(got.run, told=False).weights
    if all(map(same_bits, got.weights, right)):
        return Evidence(entries=sum(p.numel() for p in right))
    try:
        with shown_on(got.run):
            return _within(subject, got.run, got, right)
    except Broken:
        if subject.chooses:
            kept = chosen(subject, got, within=_within)
            if kept is not None:
                return kept
        if subject.repeats or subject.chooses:
            raise
        for epochs in range(1, run.epochs):
            shorter = subject.trained(replace(run, epochs=epochs, dealt=()))
            with shown_on(shorter.run):
                _within(subject, shorter.run, shorter, follow(shorter.run, told=False).weights)
        raise


def _within(subject: Any, run: TrainingRun, got: Trained, right: list[Tensor]) -> Evidence:
    names = names_of(run)

    def compared(envelope: Envelope) -> Evidence:
        four = zip(got.weights, envelope.expected, envelope.silent, strict=True)
        away = [s & ~same(g, e) & g.isfinite() for g, e, s in four]
        spoken = [torch.where(s, e, g) for g, e, s in zip(got.weights, envelope.expected, away, strict=True)]
        found = compare(
            names, spoken, envelope.expected, envelope.tolerance, what=f"after epoch {run.epochs}: ",
            closing=twin_of(run).replace("{", "{{").replace("}", "}}") + ENTRY,
        )  # fmt: skip
        silent = int(sum(s.sum() for s in away))
        found.entries, found.skipped = found.entries - silent, silent
        return found

    failure = None
    for envelope in envelopes_of(run, right):
        try:
            return compared(envelope)
        except Broken as broken:
            failure = broken
        if _hopeless(run, got.weights, envelope):
            break
    assert failure is not None
    raise failure


def _hopeless(run: TrainingRun, got: list[Tensor], envelope: Envelope) -> bool:
    """Whether an entry is so far off that more perturbed runs cannot explain it, even with a tolerance WIDER times as
    large. Such runs take most of the time of a failure."""
    for g, e, t, w in zip(got, envelope.expected, envelope.tolerance, run.weights, strict=True):
        start, u = w.double(), unit_roundoff(run.world.dtype)
        sharp = references.sharp(WIDER * t, (e - start).abs(), torch.maximum(e.abs(), start.abs()), u)
        if ((g - e).abs() > WIDER * t).logical_and(sharp).any():
            return True
    return False


@book.law(runs(), beside="it says that the mistake needs neither momentum nor decay")
def equals_torch_with_plain_gradient_descent(subject: Any, run: TrainingRun) -> Evidence:
    """After every epoch every weight equals that of torch.optim.SGD, within what rounding explains: batches from the
    loader, a short last batch, several epochs, no momentum and no decay.

    p <- p - lr g, batch by batch. A loop that forgets to clear its gradients, or that drops its last batch, also
    trains, but not what was intended.
    """
    return equals_torch(subject, run)


@book.law(runs(decay=True), skip=needs("decay"))
def equals_torch_with_weight_decay(subject: Any, run: TrainingRun) -> Evidence:
    """With weight decay, every weight equals that of torch.optim.SGD: before the step, g <- g + weight_decay p, for
    every parameter.

    Decay that is applied twice, with the wrong sign, or only together with momentum is another regularisation, and a
    search over it finds another best value.
    """
    return equals_torch(subject, run)


@book.law(runs(momentum=True), skip=needs("momentum"), beside="it says that the mistake needs momentum, and no decay")
def equals_torch_with_momentum(subject: Any, run: TrainingRun) -> Evidence:
    """With momentum, every weight equals that of torch.optim.SGD: v <- g in the first step, then v <- momentum v + g,
    and p <- p - lr v.

    The velocity must last as long as the training. One that restarts in every epoch, or that all parameters share, is
    another method with the same name.
    """
    return equals_torch(subject, run)


@book.law(runs(momentum=True, decay=True), skip=needs("momentum", "decay"))
def equals_torch_with_momentum_and_weight_decay(subject: Any, run: TrainingRun) -> Evidence:
    """With momentum and weight decay, every weight equals that of torch.optim.SGD: the decay goes into the velocity.

    Momentum and decay may each be correct, and wrong together. The order of the two lines is the whole difference
    between coupled and decoupled decay.
    """
    return equals_torch(subject, run)
