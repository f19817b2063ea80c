"""The parts that students' training functions deal, compute, print and average themselves, with their mistakes."""

from __future__ import annotations

from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
import torch
import torch.nn.functional as F
from planted import UNSHRUNK
from planted.snippets import OWN, paste
from torch import nn

from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.faults.training.averages import CATALOGUE
from mlp_core.testing.oracles.told import printed
from mlp_core.testing.right import students

FEW = 4


def failures(thing: Any) -> dict[str, Any]:
    with patch.object(engine, "Phase", UNSHRUNK):
        return {r.law: r for r in verify(thing, examples=FEW).results if r.verdict == "FAIL"}


def fails_as_pasted(result: Any, function: Any) -> None:
    """The snippet of a failure fails with the function, which nothing imports here."""
    lines = "\n".join(one for one in result.snippet.splitlines() if not one.startswith(f"from {function.__module__}"))
    with pytest.raises(OWN):
        paste(lines, {function.__name__: function})


def leaves_out_what_is_short(model, X_train, y_train, epochs, batch_size, lr):  # type: ignore[no-untyped-def]
    order = torch.randperm(len(X_train))
    for _ in range(epochs):
        for k in range(len(X_train) // batch_size):
            rows = order[k * batch_size : (k + 1) * batch_size]
            model.zero_grad()
            F.cross_entropy(model(X_train[rows]), y_train[rows]).backward()
            for p in model.parameters():
                p.data -= lr * p.grad


def weights_the_short_batch(model, x, y, epochs, batch_size, lr):  # type: ignore[no-untyped-def]
    for _ in range(epochs):
        for start in range(0, len(x), batch_size):
            xb, yb = x[start : start + batch_size], y[start : start + batch_size]
            model.zero_grad()
            nn.CrossEntropyLoss()(model(xb), yb).backward()
            for p in model.parameters():
                p.data -= lr * p.grad * len(xb) / batch_size


def prints_a_sum_that_runs_on(model, train_loader, criterion, epochs=5, lr=0.01, verbose=False):  # type: ignore[no-untyped-def]
    total = 0.0
    for epoch in range(epochs):
        for data, target in train_loader:
            model.zero_grad()
            loss = criterion(model(data), target)
            loss.backward()
            for p in model.parameters():
                p.data -= lr * p.grad
            total += loss.item()
        if verbose:
            print(f"Epoch {epoch}: {total / len(train_loader):.6f}")


@pytest.mark.parametrize(
    ("function", "law", "said"),
    [
        (leaves_out_what_is_short, "the last batch counts", "batches of"),
        (weights_the_short_batch, "equals torch with plain gradient descent", ""),
        (prints_a_sum_that_runs_on, "returns the losses of its steps", "0."),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_wrong_is_found_there_alone_and_pasted(function: Any, law: str, said: str) -> None:
    found = failures(function)
    assert list(found) == [law]
    assert said in str(found[law].got)
    fails_as_pasted(found[law], function)


@pytest.mark.parametrize("fault", CATALOGUE.faults, ids=lambda f: f.name)
def test_an_average_that_follows_another_decay_is_told(fault: Any) -> None:
    found = failures(fault.subject)
    assert list(found) == ["averages its weights with the given decay"]
    fails_as_pasted(found["averages its weights with the given decay"], fault.thing)


def test_the_loss_that_a_function_computes_is_seen_and_one_that_nobody_knows_accuses_nothing() -> None:
    assert subjects.training(students.descend).world.own == "lambda o, y: ((o - y) ** 2).sum() / 2"
    assert "NLLLoss" in subjects.training(students.train).world.own

    def train(model, loader, epochs, lr):  # type: ignore[no-untyped-def]
        for _ in range(epochs):
            for x, y in loader:
                model.zero_grad()
                (F.cross_entropy(model(x), y) ** 3 + model(x).abs().mean()).backward()
                for p in model.parameters():
                    p.data -= lr * p.grad

    report = verify(train, examples=2)
    assert not report.ok
    assert {r.verdict for r in report.results} <= {"UNTESTED", "SKIP"}
    assert "its own loss" in report.results[0].reason


def spares_nothing(model, train_loader, loss_fn, lr, n_epochs, weight_decay):  # type: ignore[no-untyped-def]
    """No decay of biases."""
    no_decay = ["b"]
    for _ in range(n_epochs):
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            with torch.no_grad():
                for name, p in model.named_parameters():
                    p -= lr * (p.grad + (0 if name in no_decay else weight_decay) * p)


def test_biases_are_spared_if_the_function_says_so_or_somebody_asks() -> None:
    found = failures(spares_nothing)
    assert list(found) == ["equals torch with weight decay"]
    result = found["equals torch with weight decay"]
    assert result.diagnosis == "weight decay also acts on the parameters that it should leave out, vectors (biases)"
    fails_as_pasted(result, spares_nothing)
    assert not failures(subjects.training(spares_nothing, spares=False))
    all_decay = partial(subjects.training, students.train_without_bias_decay)
    assert "left out for vectors" in failures(all_decay(spares=False))["equals torch with weight decay"].diagnosis


def noisy(model, x, y, epochs, lr):  # type: ignore[no-untyped-def]
    for _ in range(epochs):
        model.zero_grad()
        F.cross_entropy(model(x + 0.1 * torch.randn_like(x)), y).backward()
        for p in model.parameters():
            p.data -= lr * p.grad


def test_what_is_random_and_not_seen_is_untested() -> None:
    report = verify(noisy, examples=2)
    assert {r.verdict for r in report.results} <= {"UNTESTED", "SKIP"}


def test_columns_of_numbers_are_read_from_what_is_printed() -> None:
    text = "Epoch 1 | loss 0.6931\nEpoch 2 | loss 0.6702\ndone in 3 s\r 50%|#### | 1/2"
    assert list(printed(text)) == [(("Epoch # | loss #", 1), [0.6931, 0.6702], 0.5e-4)]

