"""The laws of a training loop: what `fit` must satisfy."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.equality import same_bits
from mlp_core.model import MLP
from mlp_core.rules.sgd import SGD
from mlp_core.testing.bounds import formulas
from mlp_core.testing.bounds.rounding import LOSS
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.problem import Case
from mlp_core.testing.examples.training import Training
from mlp_core.testing.laws.optimizers.shared import shown_on
from mlp_core.testing.laws.training.shared import (
    ENTRY,
    LOSSES,
    TWIN,
    WEIGHTS,
    as_many,
    braced,
    trained,
    within_rounding,
)
from mlp_core.testing.oracles.training import train, training_envelopes
from mlp_core.testing.subjects.training import trainings

EPOCH = """\
still = rules.get("sgd")(lr=0.0)
options = {**options, "epochs": 6, "batch_size": 1}
history = fit(model, x, y, rule=still, shuffle=True, **options)
alone = torch.stack([loss.value(model(x[i : i + 1]), y[i : i + 1]).detach() for i in range(len(x))])
epochs = history.step_losses.split(len(x))
for epoch in epochs:
    assert torch.equal(epoch.sort().values.nan_to_num(), alone.sort().values.nan_to_num()), (epoch, alone)
assert len(epochs) == 6, len(epochs)
alike = all(torch.equal(epochs[0], epoch) for epoch in epochs)
assert len(alone.unique()) < len(x) or not alike, "the same order in every epoch\""""

WEIGHED = """\
history = fit(model, x, y, rule=rule, **options)
sizes = [len(part) for part in x.split(options["batch_size"])] * options["epochs"]
assert len(history.step_losses) == len(sizes), history.step_losses
weights = torch.tensor(sizes, dtype=x.dtype)
expected = (history.step_losses * weights).view(options["epochs"], -1).sum(1) / len(x)
assert (history.epoch_losses - expected).abs()[{index}].item() <= {bound}, (history.epoch_losses, expected)"""

SEED = """\
ends, numbers, before = [], torch.get_rng_state(), (x.clone(), y.clone())
start = model.flat.clone()
for seed in (1, 1):
    model.flat.copy_(start)
    made = torch.Generator().manual_seed(seed)
    history = fit(model, x, y, rule=rule, shuffle=True, generator=made, **options)
    assert not history.step_losses.requires_grad and not history.epoch_losses.requires_grad, "keeps the graph"
    ends.append(model.flat.clone())
assert torch.equal(*(end.nan_to_num() for end in ends)), ends
assert torch.equal(numbers, torch.get_rng_state()), "drew from torch's global random state"
assert torch.equal(x, before[0]) and torch.equal(y, before[1]), "changed its data\""""

book = LawBook(judges=True)

EPOCHS = 6
"""epochs, each with the samples in a new order"""


@book.law(
    lambda subject: trainings(exact=True, switches=True),
    beside="it allows no rounding; the next law allows it, for the other activations",
)
def equals_torch_to_the_bit(subject: Any, training: Training) -> Evidence:
    """Every step loss and every final weight has the bits of torch's own loop, short last batch included, with any
    combination of hand-written gradients and updates. A loop other than the core's agrees within what rounding
    explains.

    A training loop has many places for small mistakes: when gradients are cleared, how the last batch is weighted,
    which loss is recorded. Each leaves a curve that looks fine. Equal bits over several epochs rule them all out.
    """
    problem = training.problem
    model, x, y = problem.model(), problem.inputs(), problem.targets()
    twin, before = copy.deepcopy(model), copy.deepcopy(model)
    history = trained(subject, training, model, x, y)
    assert problem.loss is not None
    if not subject.to_the_bit:
        return within_rounding(training, before, history, model, x, y)
    expected = train(
        twin, x, y, problem.loss.value, training.twin(twin), training.epochs, training.batch_size
    )  # fmt: skip
    as_many(history, expected, "", TWIN + LOSSES)
    steps = compare(["step losses"], [history.step_losses], [expected], [0.0], closing=braced(TWIN + LOSSES))
    names = [name for name, _ in model.named_parameters()]
    end = compare(
        names, list(model.parameters()), list(twin.parameters()), [0.0] * len(names), what="at the end: ",
        closing=braced(TWIN + LOSSES + WEIGHTS),
    )  # fmt: skip
    return Evidence(entries=steps.entries + end.entries)


@book.law(
    lambda subject: trainings(exact=False),
    beside="the only law that trains with the activations whose bits differ from autograd's",
)
def follows_torch_step_by_step(subject: Any, training: Training) -> Evidence:
    """One step of gradient descent from the same weights ends where torch's step ends: the loss has the same bits, and
    the weights agree within the rounding of the gradient. The next batch starts from there. For a loop other than the
    core's, the loss may differ by what rounding explains.

    For activations whose bits differ from autograd's, a whole run drifts apart by rounding alone. One step at a time,
    from the same weights, a wrong rate or a loss that is taken too late still shows.
    """
    problem, rule = training.problem, SGD(lr=2.0**-4)
    loss, model = problem.loss, problem.model()
    assert loss is not None
    evidence = Evidence()
    one = replace(training, rule=rule, epochs=1)
    batches = zip(
        problem.inputs().split(training.batch_size), problem.targets().split(training.batch_size), strict=True
    )
    for step, (x, y) in enumerate(batches):
        twin, before = copy.deepcopy(model), copy.deepcopy(model)
        at = replace(problem, parameters=tuple(p.detach().double() for p in before.parameters()), x=x.double(), y=y)
        with shown_on(replace(one, problem=at)):
            history = trained(subject, one, model, x, y)
            if not subject.to_the_bit:
                found = within_rounding(
                    replace(one, batch_size=len(x)), before, history, model, x, y, f"step {step + 1}: "
                )
                evidence.join(found)
                continue
        expected = train(twin, x, y, loss.value, one.twin(twin), 1, len(x))
        trace = before.trace(x)
        with torch.no_grad():
            coming = (loss.grad if loss.exact else loss.grad_terms)(trace.output, y)
            case = Case(before, trace, coming, y)
        two = zip(before.parameters(), formulas.backprop(case, extra=0 if loss.exact else LOSS), strict=True)
        limits = [formulas.update(p, rule.lr, bound) for p, bound in two]
        names, what = case.names, f"step {step + 1}: "
        with shown_on(replace(one, problem=at)):
            as_many(history, expected, what, TWIN + LOSSES)
            loss_closing, closing = braced(TWIN + LOSSES), braced(TWIN) + ENTRY
            compare(["loss"], [history.step_losses], [expected], [0.0], what=what, closing=loss_closing)
            found = compare(
                names, list(model.parameters()), list(twin.parameters()), limits, what=what, closing=closing
            )
        evidence.join(found)
    return evidence


@book.law(lambda subject: trainings(exact=False), cases=lambda subject: ("another order in another epoch",))
def uses_every_sample_once_per_epoch(subject: Any, training: Training) -> Evidence:
    """With shuffling, each epoch uses every sample once, with its own target, in a new order. With lr 0 and batches of
    one, the losses of an epoch are those of the single samples.

    Sampling with replacement, a dropped batch, and targets that are not shuffled with the inputs all train, but on
    other data than intended.
    """
    problem = training.problem
    model, x, y = problem.model(), problem.inputs(), problem.targets()
    still = replace(training, rule=SGD(lr=0.0), batch_size=1, epochs=EPOCHS)
    history = trained(subject, still, model, x, y, shuffle=True)
    alone = train(copy.deepcopy(model), x, y, problem.loss.value, still.twin(model), 1, 1)  # type: ignore[union-attr]  # trainings have a loss
    steps, asked = len(history.step_losses), EPOCHS * len(x)
    if steps != asked:
        raise Broken(f"the steps of {EPOCHS} epochs in batches of one", steps, asked, closing=EPOCH)
    epochs = history.step_losses.split(len(x))
    in_order, expected = [epoch.sort().values for epoch in epochs], [alone.sort().values] * EPOCHS
    exact = subject.to_the_bit or all(map(torch.equal, in_order, expected))
    limit = 0.0 if exact else _farthest(still, problem.model(), x, y)
    found = compare(
        [f"losses of epoch {k + 1}, sorted" for k in range(EPOCHS)], in_order, expected, [limit] * EPOCHS,
        closing=braced(EPOCH),
    )  # fmt: skip
    if len(alone.unique()) == len(x):  # distinct samples: by chance in at most one of 5!^5 (1e10) runs
        if all(torch.equal(epochs[0], epoch) for epoch in epochs):
            got = f"{epochs[0].tolist()} in every epoch"
            raise Broken("the order of the losses", got, "another order in every epoch", closing=EPOCH)
        found.seen = frozenset({"another order in another epoch"})
    return found


def _farthest(training: Training, model: MLP, x: Tensor, y: Tensor) -> float:
    """The largest difference between step losses that rounding explains; sorting does not increase it."""
    assert training.problem.loss is not None
    *_, last = training_envelopes(model, x, y, training.problem.loss.value, training.twin, 1, 1)
    return last.tolerance[0].max().item()


@book.law(lambda subject: trainings(exact=False))
def weighs_epoch_losses_by_samples(subject: Any, training: Training) -> Evidence:
    """The loss of an epoch is the mean of its step losses, weighted by the number of samples: a short batch counts
    less.

    A plain mean counts a short last batch as much as a full one. Then runs with different batch sizes cannot be
    compared.
    """
    problem = training.problem
    model, x = problem.model(), problem.inputs()
    history = trained(subject, training, model, x, problem.targets())
    sizes = [len(part) for part in x.split(training.batch_size)]
    steps = torch.empty(training.epochs * len(sizes))
    as_many(history, steps, "", WEIGHED.format(index=0, bound=0.0))
    terms = history.step_losses.double().view(training.epochs, -1) * torch.tensor(sizes, dtype=torch.float64)
    expected = (terms.sum(1) / len(x)).to(x.dtype)
    limit = formulas.mean(terms.abs().sum(1) / len(x), len(sizes), x.dtype)
    return compare(["epoch losses"], [history.epoch_losses], [expected], [limit], closing=WEIGHED)


@book.law(
    lambda subject: trainings(exact=False), cases=lambda subject: ("another seed, another run",),
    owed="another seed does not change the run",
)  # fmt: skip
def repeats_under_a_seed(subject: Any, training: Training) -> Evidence:
    """The same generator seed gives the same bits, and another seed gives another run. Data and the global random state
    do not change, and the returned losses hold no graph.

    An experiment that depends on the global random state changes when a line elsewhere is added. Losses that keep their
    graph fill the memory.
    """
    problem = training.problem
    x, y = problem.inputs(), problem.targets()
    numbers, seeded = torch.get_rng_state(), torch.initial_seed()
    ends, before = [], (x.clone(), y.clone())
    for seed in (1, 1, 2):
        model = problem.model()
        history = trained(subject, training, model, x, y, shuffle=True, generator=torch.Generator().manual_seed(seed))
        if history.step_losses.requires_grad or history.epoch_losses.requires_grad:
            raise Broken("the losses in the history", "they require grad: the graph is kept", "detached", closing=SEED)
        ends.append(model.flat.clone())
    if not torch.equal(numbers, torch.get_rng_state()):
        got = "drawn from" if torch.initial_seed() == seeded else "seeded anew"
        raise Broken("torch's random state", got, "untouched", closing=SEED)
    compare(["x", "y"], [x, y], list(before), [0.0, 0.0], closing=SEED)
    found = compare(["weights"], [ends[1]], [ends[0]], [0.0], what="again with the same seed: ", closing=SEED)
    if not same_bits(ends[0], ends[2]):
        found.seen = frozenset({"another seed, another run"})
    return found
