"""The side effects of a training function: it uses all data, changes nothing else, and repeats itself."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.equality import same_bits
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.laws.training.chosen import untrained
from mlp_core.testing.laws.training.functions import FunctionBook, names_of, runs
from mlp_core.testing.oracles.loops import follow

COUNTS = """\
x, y = data()
last = ROWS
x[last] = 1 - x[last]
model, other = trained(MORE)[0], trained(x=x, y=y, MORE)[0]
assert not all(torch.equal(p, q) for p, q in zip(model.parameters(), other.parameters()))"""

ALONE = """\
x, y = data()
trained(x=x, y=y)
assert torch.equal(x, data()[0]) and torch.equal(y, data()[1])"""

DEFAULTS = """\
look = lambda: (torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled())
before = look()  # inside, torch's default dtype is that of the data
trained()
after = look()
torch.set_grad_enabled(True)
assert after == before, after"""

FLAGS = """\
model, _ = trained()
assert all(p.requires_grad for p in model.parameters())"""

EVALUATED = """\
ends = []
for k in (2, 3):
    x, y = data()
    ends.append(trained(validation=loader(k * x + 1, y))[0])
assert all(torch.equal(p, q) for p, q in zip(*(m.parameters() for m in ends)))"""

SEED = """\
ends = []
for _ in range(2):
    torch.manual_seed(1)
    ends.append(trained()[0])
assert all(torch.equal(p, q) for p, q in zip(*(m.parameters() for m in ends)))"""

book = FunctionBook()


def _unseen(subject: Any) -> str | None:
    return None if subject.takes("loader") or subject.deals else "no loader, and the batches that it makes are not seen"


@book.law(runs(), beside="it names the last batch as the cause", skip=_unseen)
def the_last_batch_counts(subject: Any, run: TrainingRun) -> Evidence:
    """The samples of the short last batch change the weights.

    Samples that are left out are never learnt if their order stays the same, and nothing reports it.
    """
    if subject.deals:
        return _deals_all(subject, run)
    if subject.chooses:
        run = replace(run, epochs=1)
    x, _ = run.data()
    last = run.batches()[-1]
    x[last] = 1 - x[last]
    other = replace(run, x=x.to(run.x.dtype))
    if all(map(same_bits, follow(run, told=False).weights, follow(other, told=False).weights)):
        return Evidence(counted=False)
    one, two = subject.trained(run).weights, subject.trained(other).weights
    if subject.chooses and untrained(run, one) and untrained(run, two):
        return Evidence(counted=False)
    if all(map(same_bits, one, two)):
        got = "the same weights for any samples in it"
        closing = COUNTS.replace("ROWS", "rounds[0][-1]").replace("MORE", "")
        raise Broken(f"the last batch, {len(last)} of {len(x)} samples", got, "others", closing=closing)
    return Evidence(entries=sum(p.numel() for p in one))


def _deals_all(subject: Any, run: TrainingRun) -> Evidence:
    """The samples of every epoch, if a function makes the batches itself. If they are disjoint, of equal size, and
    leave out an incomplete batch, the loop forgets its last batch. Samples drawn at random do not.
    """
    rounds, n = subject.trained(run).run.dealt, len(run.x)
    if len(rounds) != run.epochs:
        return Evidence(counted=False)
    for epoch, batches in enumerate(rounds):
        used, size = [row for rows in batches for row in rows], len(batches[0])
        full = len(batches) > 1 and {len(rows) for rows in batches} == {size} and len(set(used)) == len(used)
        if full and len(used) < n and len(batches) in (n // size, (n - 1) // size):
            left = sorted({*range(n)} - set(used))
            closing = COUNTS.replace("ROWS", repr(left)).replace("MORE", "epochs=1")
            where = f"the samples of epoch {epoch + 1}"
            raise Broken(where, f"{len(batches)} batches of {size}", f"all {n} samples", closing=closing)
    return Evidence(entries=n)


@book.law(runs(epochs=(1, 1)))
def leaves_the_data_and_settings_alone(subject: Any, run: TrainingRun) -> Evidence:
    """Inputs, targets and torch's settings do not change, other modules of the file are not trained, and the trained
    parameters still require gradients.

    A second training run in the same notebook starts from everything that the first one has changed.
    """
    others = [(name, m, _copied(m)) for name, m in _modules_beside(subject.train)]
    got = subject.trained(run)
    if got.settings is not None:
        now, earlier = (", ".join(settings) for settings in got.settings)
        raise Broken("torch's settings", now, earlier, closing=DEFAULTS)
    x, y = run.data()
    for what, after, given in (("x", got.x, x), ("y", got.y, y)):
        if not same_bits(after.double(), given.double()):
            raise Broken(f"the samples, {what}", "changed", "as they were", closing=ALONE)
    for name, module, before in others:
        if not all(map(torch.equal, _copied(module), before)):
            raise Broken(f"the module {name} of its file, which was not passed to it", "changed", "as it was")
    if not got.trainable:
        raise Broken("requires_grad of the parameters", False, True, closing=FLAGS)
    return Evidence(entries=x.numel())


def _modules_beside(function: Any) -> list[tuple[str, nn.Module]]:
    space = getattr(inspect.unwrap(function), "__globals__", {})
    return [(name, value) for name, value in space.items() if isinstance(value, nn.Module)]


def _copied(module: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in module.parameters()]


@book.law(
    lambda s: s.runs(epochs=(1, 1 if s.chooses else 2)),
    skip=lambda s: None if s.takes("validation") else "it takes no data for evaluation",
)
def evaluation_does_not_train(subject: Any, run: TrainingRun) -> Evidence:
    """The final weights do not depend on the data for evaluation. A function that uses them to choose its best epoch
    runs for one epoch only.

    If the validation set is trained on, even through leftover gradients, its accuracy means nothing.
    """
    x, y = run.data()
    ends = [subject.trained(run, validation=run.loader(k * x + 1, y)).weights for k in (2, 3)]
    if subject.chooses and any(untrained(run, one) for one in ends):
        return Evidence(counted=False)
    if not all(map(same_bits, *ends)):
        raise Broken("weights, with two different validation sets", "differ", "the same", closing=EVALUATED)
    return Evidence(entries=sum(p.numel() for p in ends[0]))


@book.law(runs(epochs=(1, 2)), beside="it needs no reference: it says that a run differs from itself")
def repeats_under_one_torch_seed(subject: Any, run: TrainingRun) -> Evidence:
    """The same weights, data and random state give the same final bits.

    A run that cannot be repeated cannot be compared with another.
    """
    ends = []
    for _ in range(2):
        torch.manual_seed(1)
        ends.append(subject.trained(run).weights)
    return compare(names_of(run), ends[1], ends[0], [0.0] * len(ends[0]), what="again: ", closing=SEED)
