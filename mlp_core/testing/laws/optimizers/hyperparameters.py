"""Every hyperparameter has an effect, and is refused outside its domain."""

from __future__ import annotations

from math import prod
from typing import Any

import torch

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.examples.changes import Changes, Outside, Wrongs
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.shared import claimed, look, noise, shown_on
from mlp_core.testing.subjects.optimizers import NOT_VARIED

book = OptimizerBook(waivable=True)


@book.law(
    lambda subject: subject.scenarios_with_changes(),
    skip=lambda subject: None if subject.shown else subject.unmoved,
    cases=lambda subject: subject.shown,
    owed="{} has no effect: with other values every parameter and its state end the same",
    narrowed=lambda drawn, seen: drawn.besides(seen),
    beside="the only law that checks this for an optimizer without a reference",
)
def uses_every_hyperparameter(subject: Any, drawn: Changes) -> Evidence:
    """A change of any single hyperparameter changes a parameter or its state by at least 100 roundings.

    An option that is accepted and ignored is worse than one that is refused: a search over it compares noise.
    """
    seen, entries = set(), 0
    for field, before, after in drawn.pairs:
        a, b = look(before, *subject.finished(before)), look(after, *subject.finished(after))
        entries += len(a)
        if any(_moved(a[name], b[name], before.dtype) for name in a.keys() & b.keys()):
            seen.add(field)
    note = f"{NOT_VARIED}{', '.join(subject.constant)}" if subject.constant else ""
    note = subject.unmoved if subject.besides else note
    return Evidence(entries=entries, seen=frozenset(seen), counted=bool(seen) or not drawn.pairs, note=note)


def _moved(a: torch.Tensor, b: torch.Tensor, dtype: torch.dtype) -> bool:
    a, b = a.double(), b.double()
    return bool(((a - b).abs() > noise(dtype) * torch.maximum(a.abs(), b.abs())).any())


@book.law(
    lambda subject: subject.wrongs,
    skip=lambda subject: claimed("validates", "it refuses hyperparameters outside their domains")(subject)
    or (None if subject.wrongs is not None else "it has no hyperparameter whose domain is known"),
    repeating=False,
)  # fmt: skip
def refuses_values_outside_their_domain(subject: Any, wrongs: Wrongs) -> Evidence:
    """A value of any hyperparameter outside its domain raises an error that names the hyperparameter.

    A negative rate, a beta of 1, NaN: they all train without an error, and the run is lost. An error in the constructor
    costs a second.
    """
    for wrong in wrongs.each:
        with shown_on(wrong):
            _refused(subject, wrong)
    return Evidence(entries=len(wrongs.each))


def _refused(subject: Any, wrong: Outside) -> None:
    shape = next(shape for shape in subject.shapes if prod(shape))
    p = torch.zeros(shape).requires_grad_()
    for how, params, hyper in (
        ("passed to the constructor", [p], wrong.all),
        ("in a group", [{"params": [p], **wrong.all}], wrong.good),
    ):
        where, closing = f"{wrong.describe()} {how}", wrong.closing(how, shape, subject.exact)
        try:
            subject.make(params, **hyper)
        except (ValueError, TypeError) as error:
            if subject.exact and wrong.field not in str(error):  # others write "Invalid learning rate"
                raise Broken(where, error, f"an error that names {wrong.field}", closing=closing) from error
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            raise Broken(where, got, "a ValueError that names it", closing=closing) from error
        else:
            raise Broken(where, "accepted", "an error that names it", closing=closing)
