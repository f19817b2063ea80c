"""Training equals exact arithmetic, on numbers so short that floats do not round."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.exact import fractions as exact
from mlp_core.testing.exact import networks
from mlp_core.testing.exact.fractions import Hyper
from mlp_core.testing.exact.tensors import _tensor, _tensors, in_fractions
from mlp_core.testing.examples.training import Training
from mlp_core.testing.laws.optimizers.shared import shown_on
from mlp_core.testing.laws.training.shared import as_many, trained

STEPS = """\
got = fit(model, x, y, rule=rule, **options).step_losses.shape
assert got == ({steps},), got"""

LOSS_OF_A_STEP = """\
got = fit(model, x, y, rule=rule, **options).step_losses[{index}].item()
assert got == {expected}, got"""

WEIGHT = """\
fit(model, x, y, rule=rule, **options)
got = dict(model.named_parameters())["{name}"][{index}].item()
assert got == {expected}, got"""

book = LawBook(judges=True)


@book.law(lambda subject: networks.trainings())
def trains_as_exact_rational_arithmetic_does(subject: Any, training: Training) -> Evidence:
    """For networks and data on which floats do not round, gradient descent equals exact rational arithmetic, short last
    batch included: every step loss, and the weights after every epoch.

    This checks the whole loop, gradient, update and loss, against the formulas in exact fractions, without a tolerance.
    """
    problem = training.problem
    weights, biases, x, y = in_fractions(problem)
    cuts = range(0, len(x), training.batch_size)
    batches = [(x[s : s + training.batch_size], y[s : s + training.batch_size]) for s in cuts]
    hyper, evidence = Hyper(**asdict(training.rule)), Evidence()
    for epochs in range(1, training.epochs + 1):
        one, model = replace(training, epochs=epochs), problem.model()
        losses, W, b = exact.train(weights, biases, problem.activations, batches * epochs, hyper)
        step_losses, end = _tensor(losses, problem.dtype), _tensors(W, b, problem.dtype)
        names = [name for name, _ in model.named_parameters()]
        with shown_on(one):
            history = trained(subject, one, model, problem.inputs(), problem.targets())
            as_many(history, step_losses, "", STEPS.format(steps=len(losses)))
            compare(["step losses"], [history.step_losses], [step_losses], [0.0], closing=LOSS_OF_A_STEP)
            found = compare(
                names, list(model.parameters()), end, [0.0] * len(end), what=f"after epoch {epochs}: ", closing=WEIGHT
            )
        evidence.entries += found.entries + len(losses)
    evidence.counted = any(losses)
    return evidence
