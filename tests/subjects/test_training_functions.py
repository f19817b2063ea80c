"""Any training function is recognised by the names of its parameters, in any order, and compared with
torch.optim.SGD."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import torch
from planted import UNSHRUNK

from mlp_core import fit
from mlp_core.base.errors import ArgumentError
from mlp_core.testing import Report, subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.faults.training import decays, rounds, velocities
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.right import students, trainers
from mlp_core.testing.subjects.recognise import resolve
from mlp_core.testing.subjects.training import TrainingSubject
from mlp_core.testing.subjects.training_functions import TrainerSubject
from mlp_core.testing.subjects.training_roles import role_of, told, trains

FEW = 6


def judged(thing: Any) -> Report:
    """The report of verify; nothing is shrunk, which takes most of the time."""
    with patch.object(engine, "Phase", UNSHRUNK):
        return verify(thing, examples=FEW)


NAMES = {
    "model": "model net network my_net mlp student_model", "loss": "loss loss_fn loss_function criterion lossfn",
    "loader": "loader train_loader trainloader train_dl dataloader data_loader",
    "validation": "val_loader valid_loader test_loader valloader val_dl", "x": "x X x_train inputs train_x X_train",
    "y": "y y_train targets labels train_labels", "epochs": "n_epochs epochs num_epochs nb_epochs n_epoch max_epochs",
    "lr": "lr learning_rate eta step_size", "momentum": "momentum momentum_coeff beta mu",
    "decay": "weight_decay wd l2 lambda_ l2_reg lam reg weight_decay_coeff",
    "optimizer": "optimizer optim opt optimiser",
    "device": "device", "verbose": "verbose print_every", "batch_size": "batch_size bs",
}  # fmt: skip


@pytest.mark.parametrize("role", NAMES)
def test_a_parameter_is_told_by_its_name(role: str) -> None:
    # X_train and train_x are inputs, though the pattern of x comes last
    assert {role_of(name) for name in NAMES[role].split()} - {role} <= ({None} if role == "x" else set())


def test_what_has_no_role_or_trains_nothing_is_told_apart() -> None:
    assert role_of("colour") is None
    for names in (("y_true", "y_pred", "delta"), ("model", "y_true", "y_pred"), ("model", "trace", "dL_dy"),
                  ("model", "x"), ("x", "y", "lr"), ("epochs", "lr")):  # fmt: skip
        assert not trains(told(names)), names


def test_the_signature_of_fit_is_told_as_before_and_any_other_by_its_parameters() -> None:
    assert isinstance(subjects.training(fit), TrainingSubject)
    assert isinstance(resolve(fit), TrainingSubject)
    found = resolve(trainers.train_polyak)
    assert isinstance(found, TrainerSubject)
    assert found.roles["decay"] == "l2"
    assert found.roles["momentum"] == "mu"


@pytest.mark.parametrize("function", [*trainers.EVERY, *students.EVERY], ids=lambda f: f.__name__)
def test_a_right_function_is_lawful_in_whatever_form(function: Any) -> None:
    report = judged(function)
    assert report.ok, [r.text() for r in report.results if r.verdict in ("FAIL", "UNTESTED")]
    formulas = [r.verdict for r in report.results if r.law.startswith("equals torch")]
    assert "PASS" in formulas


def momentum_alone_wrong(model, loss_fn, train_loader, n_epochs, lr, momentum, weight_decay):  # type: ignore[no-untyped-def]
    for _ in range(n_epochs):
        velocity = {p: torch.zeros_like(p) for p in model.parameters()}
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            for p in model.parameters():
                velocity[p] = momentum * velocity[p] + p.grad + weight_decay * p.data
                p.data -= lr * velocity[p]


def decay_alone_wrong(lr, n_epochs, weight_decay, momentum, train_loader, model, loss_fn):  # type: ignore[no-untyped-def]
    velocity = [0.0 for _ in model.parameters()]
    for _ in range(n_epochs):
        for x, y in train_loader:
            loss = loss_fn(model(x), y) + weight_decay * sum(p.pow(2).sum() for p in model.parameters())
            loss.backward()
            with torch.no_grad():
                for k, p in enumerate(model.parameters()):
                    velocity[k] = momentum * velocity[k] + p.grad
                    p -= lr * velocity[k]
                    p.grad = None


@pytest.mark.parametrize(
    ("function", "laws", "words"),
    [
        (
            momentum_alone_wrong,
            {"equals torch with momentum", "equals torch with momentum and weight decay"},
            "reset at the beginning of every",
        ),
        (
            decay_alone_wrong,
            {"equals torch with weight decay", "equals torch with momentum and weight decay"},
            "twice its value",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_wrong_in_one_of_the_four_is_wrong_there_alone_and_named(
    function: Any, laws: set[str], words: str
) -> None:
    report = judged(function)
    assert {r.law for r in report.results if r.verdict == "FAIL"} == laws
    for result in report.results:
        if result.verdict == "FAIL":
            assert words in (result.diagnosis or "")


FAULTS = [fault for kind in (velocities, decays, rounds) for fault in kind.CATALOGUE.faults]
NAMED = [fault for fault in FAULTS if any(law.startswith("equals torch") for law in fault.laws)]


@pytest.mark.parametrize(
    "fault", [pytest.param(f, marks=[pytest.mark.slow] * bool(k % 12), id=f.name) for k, f in enumerate(NAMED)]
)
def test_a_mistake_is_named_in_its_own_words(fault: Fault) -> None:
    report = judged(fault.subject)
    said = {r.diagnosis for r in report.results if r.law in fault.laws}
    assert said == {fault.words}


def needs_more(model, train_loader, n_epochs, lr, my_schedule):  # type: ignore[no-untyped-def]
    trainers.train_a_copy(model, train_loader, torch.nn.CrossEntropyLoss(), my_schedule(lr), n_epochs)


def test_a_parameter_that_says_nothing_is_refused_by_name_and_taken_from_a_mapping() -> None:
    with pytest.raises(ArgumentError, match="the parameter 'my_schedule', whose role is unknown"):
        subjects.training(needs_more)
    with pytest.raises(ArgumentError, match="a learning rate or an optimizer"):
        subjects.training(lambda model, loader, epochs: None)

    def odd(network_of_mine, a, b, many, rate=0.0):  # type: ignore[no-untyped-def]
        return trainers.train_a_copy(network_of_mine, a, b, rate, many)

    roles = {"network_of_mine": "model", "a": "loader", "b": "loss", "many": "epochs", "rate": "lr"}
    assert judged(subjects.training(odd, roles)).ok
    with pytest.raises(ArgumentError, match="roles"):
        subjects.training(odd, {**roles, "a": "lorry"})


def of_another_framework(model, x, y, epochs, lr):  # type: ignore[no-untyped-def]
    for _ in range(epochs):
        model.weights -= lr * model.gradient(x, y)


def test_what_ends_on_no_module_of_torch_is_untested_and_not_accused() -> None:
    report = judged(of_another_framework)
    assert {r.verdict for r in report.results} == {"UNTESTED", "SKIP"}
    assert "AttributeError" in report.results[0].reason


def test_the_mean_of_means_is_told_and_accused_only_where_it_is_asked_for() -> None:
    (told_, asked) = (
        next(r for r in judged(subjects.training(trainers.train_manual_update, weighted=w)).results
             if r.law == "returns the losses of its steps") for w in (False, True)
    )  # fmt: skip
    assert told_.verdict == "PASS"
    assert "counts as much as a full one" in told_.reason
    assert asked.verdict == "FAIL"


def test_globals_of_the_file_are_put_back() -> None:
    before = trainers.train_loader, trainers.loss_fn
    assert verify(trainers.train_by_globals, examples=2).ok
    assert (trainers.train_loader, trainers.loss_fn) == before
    assert next(law.name for law in laws_of(subjects.training(trainers.train_by_globals))).startswith("equals torch")
