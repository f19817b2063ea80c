"""The law of the losses that a training function returns: they are its step losses, or a known summary of them."""

from __future__ import annotations

from typing import Any

from mlp_core.testing.bounds.rounding import unit_roundoff
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.training_runs import TrainingRun
from mlp_core.testing.laws.optimizers.shared import shown_on
from mlp_core.testing.laws.training.functions import FunctionBook, runs, twin_of
from mlp_core.testing.oracles import told
from mlp_core.testing.oracles.loops import follow

PROBES = 3
"""runs that show what a function returns"""

UNWEIGHTED = (
    "its losses are the mean of the batch losses, in which the short last batch counts as much as a full one "
    "(subjects.training(..., weighted=True) requires the mean over the samples)"
)

LOSSES = """\
GOT
each = len(losses) // len(rounds[:EPOCHS])
epochs = [losses[k : k + each] for k in range(0, len(losses), each)]
forms = [[v for v, _ in losses], [sum(v * n for v, n in e) / len(x) for e in epochs]]
forms += [[sum(v * n for v, n in e) for e in epochs], [sum(v for v, _ in e) for e in epochs]]
forms += [] if WEIGHTED else [[sum(v for v, _ in e) / each for e in epochs]]
near = lambda form: len(form) == len(got) and all(abs(g - f) <= LIMIT * abs(f) + PRINTED for g, f in zip(got, form))
assert any(map(near, forms)), (got, forms)"""
"""EPOCHS, GOT, WEIGHTED, LIMIT and PRINTED are filled in by the law"""

PRINTED = f"""\
import contextlib, io, re
text, number = io.StringIO(), {told.NUMBER!r}
with contextlib.redirect_stdout(text):
    trained(MORE)
lines = text.getvalue().replace("\\r", "\\n").split("\\n")
got = [float(re.findall(number, l)[PLACE]) for l in lines if re.sub(number, "#", l) == FORM]"""
"""MORE, FORM and PLACE are filled in by the law"""

Path = str | tuple[str, int]
"""the path to the losses: as in Python, in the returned value; or the form of the printed lines, and the place in
them"""

book = FunctionBook()


def limit_of(run: TrainingRun) -> float:
    """The largest relative difference between two sums of the same losses: u^(3/4), as for a mistake that is replayed
    (`bounds.references.reproduces`)."""
    return float(unit_roundoff(run.world.dtype) ** (3 / 4))


def told_by(subject: Any, run: TrainingRun) -> tuple[TrainingRun, dict[Path, tuple[list[float], float]]]:
    """Every sequence of numbers that is returned or printed, with the rounding error of printing; and the run with its
    batches.
    """
    got = subject.trained(run, aloud=True)
    found: dict[Path, tuple[list[float], float]] = {p: (n, 0.0) for p, n in told.sequences(got.returned)}
    found |= {path: (numbers, half) for path, numbers, half in told.printed(got.printed)}
    return got.run, found


def form_of(subject: Any, run: TrainingRun) -> dict[Path, str]:
    """For the path to every sequence of numbers, its meaning: a correct one, or otherwise a known mistake."""
    dealt, sequences = told_by(subject, run)
    followed, found = follow(dealt), dict[Path, str]()
    for path, (numbers, half) in sequences.items():
        for forms in (told.right(followed), told.wrong(followed)):
            for words, expected in forms.items():
                if told.alike(numbers, expected, limit_of(run), half):
                    found.setdefault(path, words)
    return found


def told_at(subject: Any) -> Path | None:
    """The path to the losses in the returned value, otherwise in the printed text; None if no losses are recognised."""
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
    if told_at(subject) is not None:
        return None
    return "nothing that it returns or prints is recognised as the losses of its steps or epochs"


@book.law(runs(), skip=unknown)
def returns_the_losses_of_its_steps(subject: Any, run: TrainingRun) -> Evidence:
    """The losses that it returns, or else prints, are those of the steps: one per step, or one per epoch. A loss per
    epoch may be the mean over the samples, the sum, the last one, or the loss after the epoch.

    Losses that are computed after the step look better than the training is. A sum that is never reset looks worse.
    """
    path = told_at(subject)
    assert path is not None
    dealt, sequences = told_by(subject, run)
    if path not in sequences:
        return Evidence(counted=False)
    (got, half), followed = sequences[path], follow(dealt)
    limit, right = limit_of(run), told.right(followed)
    forms = [words for words, expected in right.items() if told.alike(got, expected, limit, half)]
    if forms == [told.BATCH_MEANS] and subject.weighted:
        wrong, wanted = told.BATCH_MEANS, right["the mean over the samples"]
    elif forms:
        note = UNWEIGHTED if forms == [told.BATCH_MEANS] else ""
        return Evidence(entries=len(got), note=note)
    else:
        found = [words for words, expected in told.wrong(followed).items() if told.alike(got, expected, limit, half)]
        if not found:
            return Evidence(counted=False)
        wrong = found[0]
        wanted = next((r for words, r in right.items() if wrong.endswith(words)), right["the mean over the samples"])
    numbers = (", ".join(f"{v:.6g}" for v in values[:4]) for values in (got, wanted))
    lines = twin_of(dealt, told=True) + LOSSES.replace("EPOCHS", str(run.epochs)).replace("GOT", _read(subject, path))
    lines = lines.replace("WEIGHTED", str(subject.weighted)).replace("LIMIT", repr(limit))
    where = "the losses that it returns" if isinstance(path, str) else "the losses that it prints"
    with shown_on(dealt):
        raise Broken(where, *numbers, closing=lines.replace("PRINTED", repr(half)), note=f"they are {wrong}")


def _read(subject: Any, path: Path) -> str:
    """Lines of a snippet that read the losses."""
    if isinstance(path, str):
        return f"got = trained()[1]{path}"
    verbose = f"{subject.roles['verbose']}=True" if "verbose" in subject.roles else ""
    more = verbose if "verbose" in subject.optional else ""
    return PRINTED.replace("MORE", more).replace("FORM", repr(path[0])).replace("PLACE", str(path[1]))
