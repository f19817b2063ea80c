"""Functions that stop early, or that load the best epoch's weights at the end, are held to torch's after that epoch."""

from __future__ import annotations

import copy
from typing import Any
from unittest.mock import patch

import pytest
import torch
from planted import UNSHRUNK

from mlp_core.testing import Report, verify
from mlp_core.testing.engine import runner as engine


def judged(thing: Any) -> Report:
    with patch.object(engine, "Phase", UNSHRUNK):
        return verify(thing, examples=6)


def update(model, velocity, lr, momentum, weight_decay):  # type: ignore[no-untyped-def]
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            g = p.grad + weight_decay * p
            velocity[i] = g if velocity[i] is None else momentum * velocity[i] + g
            p -= lr * velocity[i]


def evaluated(model, loader, loss_fn):  # type: ignore[no-untyped-def]
    with torch.no_grad():
        return sum(loss_fn(model(x), y).item() * len(x) for x, y in loader)


def keeps_the_best(model, loss_fn, train_loader, val_loader, n_epochs, lr, momentum, weight_decay):  # type: ignore[no-untyped-def]
    best, lowest = copy.deepcopy(model.state_dict()), float("inf")
    velocity = [None for _ in model.parameters()]
    for _ in range(n_epochs):
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            update(model, velocity, lr, momentum, weight_decay)
        value = evaluated(model, val_loader, loss_fn)
        if value < lowest:
            best, lowest = copy.deepcopy(model.state_dict()), value
    model.load_state_dict(best)


def keeps_the_best_in_training(model, loss_fn, train_loader, n_epochs, lr):  # type: ignore[no-untyped-def]
    best, lowest = None, float("inf")
    for _ in range(n_epochs):
        total = 0.0
        for x, y in train_loader:
            model.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            for p in model.parameters():
                p.data -= lr * p.grad
            total += loss.item() * len(x)
        if total < lowest:
            lowest, best = total, {k: v.clone() for k, v in model.state_dict().items()}
    if best is not None:
        model.load_state_dict(best)


def stops_early(model, loss_fn, train_loader, val_loader, n_epochs, lr):  # type: ignore[no-untyped-def]
    best, patience = float("inf"), 1
    for _ in range(n_epochs):
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            for p in model.parameters():
                p.data -= lr * p.grad
        value = evaluated(model, val_loader, loss_fn)
        if value >= best:
            patience -= 1
            if patience == 0:
                break
        best = min(best, value)


def copies_the_best_back(model, loss_fn, train_loader, val_loader, n_epochs, lr):  # type: ignore[no-untyped-def]
    best, lowest, wait = [], float("inf"), 0
    for _ in range(n_epochs):
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= lr * p.grad
        value = evaluated(model, val_loader, loss_fn)
        wait = 0 if value < lowest else wait + 1
        if wait:
            break
        lowest, best = value, [p.detach().clone() for p in model.parameters()]
    with torch.no_grad():
        for p, b in zip(model.parameters(), best, strict=False):
            p.copy_(b)


def loads_the_most_accurate(model, loss_fn, train_loader, val_loader, optimizer, n_epochs):  # type: ignore[no-untyped-def]
    best, highest = copy.deepcopy(model.state_dict()), 0.0
    for _ in range(n_epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            loss_fn(model(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            accuracy = sum((model(x).argmax(1) == y).sum().item() for x, y in val_loader)
        if accuracy > highest:
            best, highest = copy.deepcopy(model.state_dict()), accuracy
    model.load_state_dict(best)


RIGHT = [keeps_the_best, keeps_the_best_in_training, stops_early, copies_the_best_back, loads_the_most_accurate]


@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__name__)
def test_a_right_one_is_not_accused(function: Any) -> None:
    report = judged(function)
    assert [r.text() for r in report.results if r.verdict == "FAIL"] == []
    assert [r.verdict for r in report.results if r.law == "equals torch with plain gradient descent"] == ["PASS"]


def restarts_its_velocity(model, loss_fn, train_loader, val_loader, n_epochs, lr, momentum, weight_decay):  # type: ignore[no-untyped-def]
    best, lowest = copy.deepcopy(model.state_dict()), float("inf")
    for _ in range(n_epochs):
        velocity = [None for _ in model.parameters()]
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            update(model, velocity, lr, momentum, weight_decay)
        value = evaluated(model, val_loader, loss_fn)
        if value < lowest:
            best, lowest = copy.deepcopy(model.state_dict()), value
    model.load_state_dict(best)


def never_clears(model, loss_fn, train_loader, val_loader, n_epochs, lr):  # type: ignore[no-untyped-def]
    best, lowest = copy.deepcopy(model.state_dict()), float("inf")
    for _ in range(n_epochs):
        for x, y in train_loader:
            loss_fn(model(x), y).backward()
            for p in model.parameters():
                p.data -= lr * p.grad
        value = evaluated(model, val_loader, loss_fn)
        if value < lowest:
            best, lowest = copy.deepcopy(model.state_dict()), value
    model.load_state_dict(best)


def ends_after_its_first_epoch(model, loss_fn, train_loader, n_epochs, lr, patience=3):  # type: ignore[no-untyped-def]
    for _ in range(n_epochs):
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            for p in model.parameters():
                p.data -= lr * p.grad
        if patience:
            break


@pytest.mark.parametrize(
    ("function", "law"),
    [
        (restarts_its_velocity, "equals torch with momentum"),
        (never_clears, "equals torch with plain gradient descent"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_wrong_rule_is_still_told(function: Any, law: str) -> None:
    assert law in [r.law for r in judged(function).results if r.verdict == "FAIL"]


def test_one_that_always_ends_after_its_first_epoch_does_not_pass() -> None:
    verdicts = {r.law: r.verdict for r in judged(ends_after_its_first_epoch).results}
    assert verdicts["equals torch with plain gradient descent"] != "PASS"


def leaves_out_an_epoch(model, loss_fn, train_loader, n_epochs, lr):  # type: ignore[no-untyped-def]
    best, lowest = copy.deepcopy(model.state_dict()), float("inf")
    for _ in range(1, n_epochs):
        total = 0.0
        for x, y in train_loader:
            model.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            for p in model.parameters():
                p.data -= lr * p.grad
            total += loss.item() * len(x)
        if total < lowest:
            lowest, best = total, copy.deepcopy(model.state_dict())
    model.load_state_dict(best)


def test_epochs_that_are_left_out_are_not_a_choice() -> None:
    assert "equals torch with plain gradient descent" in [
        r.law for r in judged(leaves_out_an_epoch).results if r.verdict == "FAIL"
    ]
