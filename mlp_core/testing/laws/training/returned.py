"""The law of the losses that a training function returns: they are those of its steps, by whatever mean."""

from __future__ import annotations

from typing import Any

from mlp_core.testing.bounds.rounding import unit_roundoff
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.laws.training.functions import TWIN, FunctionBook, runs
from mlp_core.testing.oracles import told
from mlp_core.testing.oracles.loops import follow

PROBES = 3
"""runs on which it is found out what a function returns"""

UNWEIGHTED = (
    "its losses are the mean of the batches' losses: the short last batch counts as much as a full one "
    "(subjects.training(..., weighted=True) asks for the mean over the samples)"
)

LOSSES = (
    TWIN
    + """\
got, each = trained()[1]PATH, len(losses) // EPOCHS
epochs = [losses[k : k + each] for k in range(0, len(losses), each)]
forms = [[v for v, _ in losses], [sum(v * n for v, n in e) / len(x) for e in epochs]]
forms += [[sum(v * n for v, n in e) for e in epochs], [sum(v for v, _ in e) for e in epochs]]
forms += [] if WEIGHTED else [[sum(v for v, _ in e) / each for e in epochs]]
near = lambda form: len(form) == len(got) and all(abs(g - f) <= LIMIT * abs(f) for g, f in zip(got, form))
assert any(map(near, forms)), (got, forms)"""
)
"""EPOCHS, PATH, WEIGHTED and LIMIT are filled in by the law"""

book = FunctionBook()


def limit_of(run: TrainingRun) -> float:
    """How far two sums of the same losses may lie apart, by their size: u^(3/4), as for a mistake that is replayed
    (`bounds.references.reproduces`)."""
    return float(unit_roundoff(run.world.dtype) ** (3 / 4))


def form_of(subject: Any, run: TrainingRun) -> dict[str, str]:
    """By the way to it, what every sequence that is returned is: a form that is right, else a mistake."""
    followed, got = follow(run), subject.trained(run).returned
    found: dict[str, str] = {}
    for path, numbers in told.sequences(got):
        for forms in (told.right(followed), told.wrong(followed)):
            for words, expected in forms.items():
                if told.alike(numbers, expected, limit_of(run)):
                    found.setdefault(path, words)
    return found


def returned_at(subject: Any) -> str | None:
    """The way to the losses in what a function returns; None where nothing in it is known for losses."""
    if "losses" not in subject.memo:
        subject.memo["losses"] = None
        with globals_kept():
            try:
                forms = [form_of(subject, run) for run in sample(subject.runs(), PROBES + 1)[1:]]
            except Broken:
                return None
        everywhere = [path for path in (forms[0] if forms else {}) if all(path in form for form in forms)]
        subject.memo["losses"] = everywhere[0] if everywhere else None
    return subject.memo["losses"]


def unknown(subject: Any) -> str | None:
    if returned_at(subject) is not None:
        return None
    return "nothing that it returns is known for the losses of its steps or epochs"


@book.law(runs(), skip=unknown)
def returns_the_losses_of_its_steps(subject: Any, run: TrainingRun) -> Evidence:
    """The losses returned are those on which the steps were taken: of every step, or by epoch their mean over the
    samples, their sum, the last one, or the loss after the epoch.

    Losses after the step look better than the training is; a sum that is never set back looks worse.
    """
    path = returned_at(subject)
    assert path is not None
    followed, got = follow(run), dict(told.sequences(subject.trained(run).returned)).get(path)
    if got is None:
        return Evidence(counted=False)
    limit, right = limit_of(run), told.right(followed)
    forms = [words for words, expected in right.items() if told.alike(got, expected, limit)]
    if forms == [told.BATCH_MEANS] and subject.weighted:
        wrong, wanted = told.BATCH_MEANS, right["the mean over the samples"]
    elif forms:
        note = UNWEIGHTED if forms == [told.BATCH_MEANS] else ""
        return Evidence(entries=len(got), note=note)
    else:
        found = [words for words, expected in told.wrong(followed).items() if told.alike(got, expected, limit)]
        if not found:
            return Evidence(counted=False)
        wrong = found[0]
        wanted = next((r for words, r in right.items() if wrong.endswith(words)), right["the mean over the samples"])
    numbers = (", ".join(f"{v:.6g}" for v in values[:4]) for values in (got, wanted))
    lines = LOSSES.replace("EPOCHS", str(run.epochs)).replace("PATH", path)
    lines = lines.replace("WEIGHTED", str(subject.weighted)).replace("LIMIT", repr(limit))
    raise Broken("the losses that it returns", *numbers, closing=lines, note=f"they are {wrong}")
