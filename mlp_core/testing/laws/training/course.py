"""Laws of a training loop over many steps: schedules, resuming, callbacks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.model import MLP
from mlp_core.rules import UpdateRule
from mlp_core.rules.sgd import SGD
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.training import Training
from mlp_core.testing.laws.optimizers.shared import shown_on
from mlp_core.testing.laws.training.shared import LOSSES, TWIN, WEIGHTS, braced, trained, within_rounding
from mlp_core.testing.oracles.training import train
from mlp_core.testing.subjects.training import trainings

SCHEDULED = """\
rate = lambda step: rule.lr / (1 + step)
schedule = lambda step: type(rule)(lr=rate(step), momentum=rule.momentum)
""" + TWIN.replace("rule=rule, ", "rule=schedule, ").replace(
    "        optimizer.step()\n",
    '        optimizer.param_groups[0]["lr"] = rate(len(step_losses))\n        optimizer.step()\n',
)

SAME = """\
def same(what, got, expected):
    equal = got.shape == expected.shape and torch.equal(got.nan_to_num(), expected.nan_to_num())
    assert equal, (what, got, expected)
"""

RESUMED = """\
def schedule(step):
    return __import__("dataclasses").replace(rule, lr=rule.lr / (1 + step))
def run(model, epochs, seed, **more):
    made = torch.Generator().manual_seed(seed)
    own = {**options, "epochs": epochs, **more}
    return fit(model, x, y, rule=schedule, shuffle=True, generator=made, **own)
copied, epochs, heard = __import__("copy").deepcopy, options["epochs"], []
whole, first, second = copied(model), copied(model), copied(model)
expected = run(whole, epochs + 2, 1)
begun = run(first, epochs, 1)
run(first, 1, 1, start=begun.checkpoint)
ended = run(second, 2, 2, start=begun.checkpoint, on_epoch=lambda epoch, loss: heard.append(epoch))
same("step losses", torch.cat([begun.step_losses, ended.step_losses]), expected.step_losses)
same("epoch losses", torch.cat([begun.epoch_losses, ended.epoch_losses]), expected.epoch_losses)
same("weights", second.flat, whole.flat)
assert heard == [epochs, epochs + 1], heard"""

WATCHED = """\
unseen, heard = __import__("copy").deepcopy(model), []
def watch(epoch, epoch_loss):
    torch.rand(3)
    heard.append((epoch, epoch_loss, model.flat.clone(), loss.value(model(x), y).item(), model.flat_grad.clone()))
    return epoch_loss
def run(model, **more):
    return fit(model, x, y, rule=rule, shuffle=True, generator=torch.Generator().manual_seed(1), **options, **more)
expected = run(unseen)
with torch.random.fork_rng():
    history = run(model, on_epoch=watch)
same("step losses", history.step_losses, expected.step_losses)
same("weights", model.flat, unseen.flat)
assert [epoch for epoch, *_ in heard] == list(range(options["epochs"])), heard
same("losses heard", torch.tensor([call[1] for call in heard], dtype=x.dtype), history.epoch_losses)
same("weights at the last call", heard[-1][2], model.flat)"""

book = LawBook()

AFTER = 2
"""epochs after resuming from a checkpoint"""


def falling(rule: UpdateRule) -> Callable[[int], UpdateRule]:
    """A schedule in which no two steps have the same learning rate: lr / (1 + step)."""
    return lambda step: replace(rule, lr=rule.lr / (1 + step))  # type: ignore[attr-defined,call-arg]  # those with twins have lr


def same(what: str, got: Tensor, expected: Tensor, closing: str) -> int:
    """The number of entries; raises Broken if two tensors differ in a bit or in shape."""
    if got.shape != expected.shape:
        raise Broken(what, f"shape {tuple(got.shape)}", f"shape {tuple(expected.shape)}", closing=closing)
    return compare([what], [got], [expected], [0.0], closing=braced(closing)).entries


@book.law(lambda subject: trainings(exact=True, switches=True))
def takes_the_rate_of_each_step_from_the_schedule(subject: Any, drawn: Training) -> Evidence:
    """If `rule` is a function of the step, it is called with step 0, 1, ... over all epochs, and each update uses the
    rate of its own step. The bits are those of torch with that rate set before each step; for a loop other than the
    core's, the numbers agree within what rounding explains.

    A schedule that is one step early or late, or that restarts in each epoch, trains almost as well. The curve in the
    report is then not that of the schedule in the report.
    """
    training = replace(drawn, rule=SGD(lr=2.0**-4, momentum=0.5))
    problem, schedule = training.problem, falling(training.rule)
    model, x, y = problem.model(), problem.inputs(), problem.targets()
    twin, before = copy.deepcopy(model), copy.deepcopy(model)
    assert problem.loss is not None

    def rate(step: int) -> float:
        return schedule(step).lr  # type: ignore[attr-defined]  # of SGD

    with shown_on(training):
        history = trained(subject, training, model, x, y, rule=schedule)
        if not subject.to_the_bit:
            return within_rounding(training, before, history, model, x, y, rate=rate, twin=SCHEDULED)
        expected = train(
            twin, x, y, problem.loss.value, training.twin(twin), training.epochs, training.batch_size, rate
        )  # fmt: skip
        entries = same("step losses", history.step_losses, expected, SCHEDULED + LOSSES)
        for (name, p), q in zip(model.named_parameters(), twin.parameters(), strict=True):
            entries += same(f"at the end: {name}", p, q, SCHEDULED + LOSSES + WEIGHTS)
    return Evidence(entries=entries)


@book.law(lambda subject: trainings(exact=False, switches=True))
def resumes_as_if_it_had_never_stopped(subject: Any, training: Training) -> Evidence:
    """A run that is resumed from a checkpoint has the bits of one that never stopped: weights, rule state, step of the
    schedule, order of the samples and number of the epoch. Later changes of the model that the checkpoint was taken
    from have no effect.

    Without the velocity, the order of the samples or the step of the schedule in its checkpoint, a resumed run is
    another experiment under the same name.
    """
    problem, closing = training.problem, SAME + RESUMED
    x, y = problem.inputs(), problem.targets()

    def run(model: MLP, epochs: int, seed: int, **more: Any) -> Any:
        one, generator = replace(training, epochs=epochs), torch.Generator().manual_seed(seed)
        options = {"rule": falling(training.rule), "shuffle": True, "generator": generator, **more}
        return trained(subject, one, model, x, y, **options)

    whole, first, second = problem.model(), problem.model(), problem.model()
    expected, begun = run(whole, training.epochs + AFTER, 1), run(first, training.epochs, 1)
    run(first, 1, 1, start=begun.checkpoint)
    heard: list[int] = []
    ended = run(second, AFTER, 2, start=begun.checkpoint, on_epoch=lambda epoch, loss: heard.append(epoch))
    entries = 0
    for what in ("step_losses", "epoch_losses"):
        got = torch.cat([getattr(begun, what), getattr(ended, what)])
        entries += same(what.replace("_", " "), got, getattr(expected, what), closing)
    for (name, p), q in zip(second.named_parameters(), whole.parameters(), strict=True):
        entries += same(f"at the end: {name}", p, q, closing)
    if heard != [training.epochs, training.epochs + 1]:
        wanted = [training.epochs, training.epochs + 1]
        raise Broken("epochs for which on_epoch was called, after resuming", heard, wanted, closing=closing)
    return Evidence(entries=entries)


@book.law(lambda subject: trainings(exact=False, switches=True))
def is_not_changed_by_its_callback(subject: Any, training: Training) -> Evidence:
    """An on_epoch that evaluates the model, reads its gradients, draws random numbers and returns something does not
    change the run by a bit. It is called once per epoch, after the last step, with the number and loss of the epoch.

    Evaluation between epochs must not affect training. A callback that draws a random number or reads a gradient must
    not change the result.
    """
    problem, closing = training.problem, SAME + WATCHED
    unseen, model, x, y = problem.model(), problem.model(), problem.inputs(), problem.targets()
    loss, heard, weights = problem.loss, [], []
    assert loss is not None

    def watch(epoch: int, epoch_loss: float) -> float:
        torch.rand(3)
        loss.value(model(x), y)
        model.flat_grad.clone()
        heard.append((epoch, epoch_loss))
        weights.append(model.flat.clone())
        return epoch_loss

    def run(model: MLP, **more: Any) -> Any:
        generator = torch.Generator().manual_seed(1)
        return trained(subject, training, model, x, y, shuffle=True, generator=generator, **more)

    expected, history = run(unseen), run(model, on_epoch=watch)
    entries = same("step losses", history.step_losses, expected.step_losses, closing)
    for (name, p), q in zip(model.named_parameters(), unseen.parameters(), strict=True):
        entries += same(f"at the end: {name}", p, q, closing)
    if (epochs := [epoch for epoch, _ in heard]) != list(range(training.epochs)):
        raise Broken("epochs for which on_epoch was called", epochs, list(range(training.epochs)), closing=closing)
    told = torch.tensor([epoch_loss for _, epoch_loss in heard], dtype=x.dtype)
    entries += same("losses that on_epoch received", told, history.epoch_losses, closing)
    entries += same("weights at the last call of on_epoch", weights[-1], model.flat, closing)
    return Evidence(entries=entries)
