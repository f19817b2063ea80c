"""Training with a mistake, by the kind of thing in which it is made. A kind without a function here has no curve."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor

from mistaken.problem import STEPS, Curves, batches, clearest, data, network, tried
from mistaken.trainers import of_a_trainer
from mlp_core import MLP, activations, backprop, fit, losses, rules
from mlp_core.activations import Activation
from mlp_core.losses import Loss
from mlp_core.testing import subjects
from mlp_core.testing.examples.problem import Case
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Make, Scenario
from mlp_core.testing.faults.catalogue import Fault

RATE = 0.005
SQUARED = losses.get("squared_error")

Gradient = Callable[[Case], list[Tensor]]
Step = Callable[[int, MLP, list[Tensor]], None]


def train(model: MLP, gradient: Gradient, step: Step, loss: Loss = SQUARED, true: Loss = SQUARED) -> list[float]:
    """The true loss over all samples after each step."""
    x, y = data()
    y = (x.prod(1) > 0).long() if true.classes else (y > 0).double() if true.unit_targets else y
    curve = []
    for number, rows in enumerate(batches()):
        trace = model.trace(x[rows])
        dL_dy = loss.value_and_grad(trace.output, y[rows])[1]
        step(number, model, gradient(Case(model, trace, dL_dy, y[rows])))
        with torch.no_grad():
            curve.append(float(true.value(model(x), y)))
    return curve


def descend(rate: float) -> Step:
    """p <- p - rate g."""

    def step(number: int, model: MLP, gradients: list[Tensor]) -> None:
        with torch.no_grad():
            for p, g in zip(model.parameters(), gradients, strict=True):
                p.sub_(g.reshape(p.shape), alpha=rate)

    return step


RIGHT: Gradient = subjects.backprop(backprop).raw_gradient


@cache
def right_gradients(activation: str) -> tuple[float, ...]:
    return tuple(train(network(activation), RIGHT, descend(RATE)))


def of_a_gradient(fault: Fault) -> Iterator[Curves]:
    """Gradient descent, with one activation after the other."""
    for activation in dict.fromkeys(("tanh", "relu", *activations.names())):
        subject = fault.subject

        def gradient(case: Case, subject: Any = subject) -> list[Tensor]:
            return list(subject.raw_gradient(case, clear=False))

        wrong, raised = tried(lambda: train(network(activation), gradient, descend(RATE)))  # noqa: B023  at once
        yield Curves(right_gradients(activation), wrong, activation, raised)


def stepped(make: Make, hyper: dict[str, Any], event: str) -> Step:
    """Steps of an optimizer, made at the first; `event`: what happens in the run beside."""
    made: list[Any] = []

    def step(number: int, model: MLP, gradients: list[Tensor]) -> None:
        layers = list(model.parameters())
        late = layers[-2:] if event == "a layer is frozen at first" and number < STEPS // 3 else []
        for p, g in zip(layers, gradients, strict=True):
            p.grad = None if any(p is other for other in late) else g.clone()
        if not made:
            made.append(_made(make, layers, hyper))
        if event == "saved and loaded" and number == STEPS // 2:
            loaded = _made(make, layers, hyper)
            loaded.load_state_dict(copy.deepcopy(made[0].state_dict()))
            made[0] = loaded
        Scenario.step(made[0], [p for group in made[0].param_groups for p in group["params"]])

    return step


def _made(make: Make, params: list[Tensor], hyper: dict[str, Any]) -> Any:
    try:
        return make([{"params": params, **hyper}], **hyper)
    except ValueError:  # an optimizer of matrices
        return make([{"params": [p for p in params if p.ndim == 2], **hyper}], **hyper)


def of_an_optimizer(fault: Fault) -> Iterator[Curves]:
    """Hyperparameters as the laws draw them, under which the right one learns; three kinds of run."""
    subject, right = fault.subject, fault.make(fault.right)
    drawn = [scenario.groups[0] for scenario in sample(subject.scenarios(groups=(1, 1)), 12)]
    drawn = list({str(hyper): hyper for hyper in drawn}.values())[-4:]
    rates = [{**hyper, "lr": lr} for hyper in drawn for lr in (0.03, 0.3)] if "lr" in drawn[0] else drawn
    for event in ("", "a layer is frozen at first", "saved and loaded"):
        for hyper in rates:
            correct, ended = tried(lambda: train(network(), _fresh, stepped(right.make, hyper, event)))  # noqa: B023
            if ended or not correct[-1] < 0.8 * correct[0]:
                continue
            wrong, raised = tried(lambda: train(network(), _fresh, stepped(subject.make, hyper, event)))  # noqa: B023
            yield Curves(correct, wrong, event, raised)


def _fresh(case: Case) -> list[Tensor]:
    return [g.clone() for g in RIGHT(case)]


def of_a_record(fault: Fault) -> Iterator[Curves]:
    """Gradient descent with an activation or a loss."""
    for rate in (RATE, 0.1):
        if isinstance(fault.thing, Activation):
            runs = [lambda f=f: train(network(f), RIGHT, descend(rate)) for f in (fault.right, fault.thing)]  # noqa: B023
        else:
            runs = [
                lambda f=f: train(network(), RIGHT, descend(rate), f, fault.right)  # noqa: B023
                for f in (fault.right, fault.thing)
            ]
        (correct, _), (wrong, raised) = map(tried, runs)
        yield Curves(correct, wrong, "", raised)


def of_a_training(fault: Fault) -> Iterator[Curves]:
    """The losses of the epochs, as the loop reports them."""
    sgd = rules.get("sgd")
    rule = sgd(lr=0.02, momentum=0.8)
    for setting, options in {
        "": {"rule": rule}, "shuffled": {"rule": rule, "shuffle": True}, "watched": {"rule": rule, "on_epoch": _watch},
        "with a schedule": {"rule": lambda step: sgd(lr=0.05 * 0.97**step, momentum=0.8)},
    }.items():  # fmt: skip
        (correct, _), (wrong, raised) = (tried(lambda f=f: _epochs(f, options)) for f in (fit, fault.thing))  # noqa: B023
        yield Curves(correct, wrong, setting, raised)
    (correct, _), (wrong, raised) = (tried(lambda f=f: _resumed(f, rule)) for f in (fit, fault.thing))
    yield Curves(correct, wrong, "resumed", raised)


def _watch(epoch: int, loss: float) -> None:
    """As a progress display does."""


def _epochs(loop: Any, options: dict[str, Any], *, epochs: int = 30, model: MLP | None = None) -> list[float]:
    x, y = data()
    history = loop(model or network(), x, y, loss="mse", epochs=epochs, batch_size=24, **options)
    return [float(loss) for loss in history.epoch_losses]


def _resumed(loop: Any, rule: Any) -> list[float]:
    x, y = data()
    model = network()
    options = {"loss": "mse", "rule": rule, "batch_size": 24, "shuffle": True}
    first = loop(model, x, y, epochs=15, **options)
    second = loop(model, x, y, epochs=15, start=first.checkpoint, **options)
    return [float(loss) for history in (first, second) for loss in history.epoch_losses]


KINDS: dict[str, Callable[[Fault], Iterator[Curves]]] = {
    "GradientSubject": of_a_gradient,
    "CourseSubject": of_a_gradient,
    "OptimizerSubject": of_an_optimizer,
    "RecordSubject": of_a_record,
    "TrainingSubject": of_a_training,
    "TrainerSubject": of_a_trainer,
}


def curves(fault: Fault) -> Curves | None:
    """What a mistake does to a training run; None where there is none to look at."""
    of = KINDS.get(type(fault.subject).__name__)
    return None if of is None else clearest(of(fault))
