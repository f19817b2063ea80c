"""A training function is found in an unchanged script or notebook, beside the backpropagation of the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.foreign.several import as_report, kept
from mlp_core.testing.foreign.told import HandIn
from mlp_core.testing.laws.books import laws_of

HEAD = """
import torch
from torchvision.datasets import NowhereToBeFound
from torch.utils.data import DataLoader
device = torch.device("cuda")
train_loader = DataLoader(NowhereToBeFound("data", download=True), batch_size=64)
loss_fn = torch.nn.CrossEntropyLoss()
""".replace("from torchvision.datasets import NowhereToBeFound\n", "")

BACKPROPAGATION = """
def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        for l in range(model.L, 0, -1):
            model.dL_dw[l] = delta.T @ model.a[l - 1]
            model.dL_db[l] = delta.sum(0)
            if l > 1:
                delta = (delta @ model.fc[str(l)].weight) * model.df[l - 1](model.z[l - 1])
"""

TRAINING = """
def train_manual_update(n_epochs, model, lr, momentum=0.0, weight_decay=0.0):
    velocities = [None for _ in model.parameters()]
    for _ in range(n_epochs):
        for imgs, labels in train_loader:
            loss = loss_fn(model(imgs.to(device)), labels.to(device))
            loss.backward()
            update(model, velocities, lr, momentum, weight_decay)
    return model


def update(model, velocities, lr, momentum, weight_decay):
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            g = p.grad + weight_decay * p
            velocities[i] = g if velocities[i] is None else momentum * velocities[i] + g
            p -= lr * velocities[i]
            p.grad = None


train_manual_update(50, None, lr=0.01)
"""

OTHERWISE = """
def train(model, x, y, epochs, lr):
    for _ in range(epochs):
        model.forward_all(x)
        backpropagation(model, y, model.y_hat)
        model.W -= lr * model.dW
"""


def written(folder: Path, *cells: str, notebook: bool = False) -> str:
    if not notebook:
        (folder / "with_training.py").write_text("\n".join(cells))
        return str(folder / "with_training.py")
    nodes = [{"cell_type": "code", "id": str(k), "source": cell, "metadata": {}, "outputs": [], "execution_count": None}
             for k, cell in enumerate(cells)]  # fmt: skip
    (folder / "with_training.ipynb").write_text(
        json.dumps({"cells": nodes, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    return str(folder / "with_training.ipynb")


def subject_of(name: str) -> Any:
    found, things = loaded(name)
    return found.make(*things, (1, 8))


@pytest.mark.parametrize("notebook", [False, True])
def test_it_is_found_beside_the_backpropagation_and_given_what_the_notebook_would_load(
    tmp_path: Path, notebook: bool
) -> None:
    name = written(tmp_path, HEAD, BACKPROPAGATION, TRAINING, notebook=notebook)
    assert [one.rpartition(":")[2] for one in found_in(name)] == ["backpropagation", "train_manual_update"]
    subject = subject_of(f"{name}:train_manual_update")
    assert subject.around == {"train_loader": "loader", "loss_fn": "loss", "device": "device"}
    results = [engine.run(law, examples=3) for law in laws_of(subject)]
    assert {r.verdict for r in results} == {"PASS", "SKIP"}, [r.text() for r in results if r.verdict != "PASS"]


def test_a_wrong_one_is_wrong(tmp_path: Path) -> None:
    name = written(tmp_path, HEAD, TRAINING.replace("+ weight_decay * p", "- weight_decay * p"))
    subject = subject_of(f"{name}:train_manual_update")
    wrong = {law.name for law in laws_of(subject) if engine.run(law, examples=3).verdict == "FAIL"}
    assert wrong == {"equals torch with weight decay", "equals torch with momentum and weight decay"}


def test_what_trains_something_else_is_not_judged_and_hides_nothing(tmp_path: Path) -> None:
    name = written(tmp_path, HEAD, BACKPROPAGATION, OTHERWISE)
    assert [one.rpartition(":")[2] for one in found_in(name)] == ["backpropagation", "train"]
    with pytest.raises(ArgumentError, match="a training function"):
        subject_of(f"{name}:train")
    done = [HandIn("a.py:backpropagation"), HandIn("a.py:train", refused="train: got a training function (...)")]
    assert kept(done[1:]) == done[1:]
    assert len(kept(done)) == 1
    done[0].notes = []
    assert as_report(done, seed=0, examples=1).notes["a.py:backpropagation"] == [
        f"train is not verified: {done[1].refused}"
    ]


def test_the_whole_file_is_right_from_python(tmp_path: Path) -> None:
    report = verify(written(tmp_path, HEAD, BACKPROPAGATION, TRAINING, OTHERWISE), examples=2)
    assert report.ok, [r.text() for r in report.results if r.verdict in ("FAIL", "UNTESTED")]
    assert {r.subject.rpartition(":")[2] for r in report.results} == {"backpropagation", "train_manual_update"}


AROUND = """
X = torch.randn(100, 20)
train_loader = DataLoader(list(zip(X, (X.sum(1) > 0).long())), batch_size=32)
model = torch.nn.Sequential(torch.nn.Linear(20, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
n_epochs, momentum = 20, 0.9


def train(learning_rate):
    velocities = [torch.zeros_like(p) for p in model.parameters()]
    for _ in range(n_epochs):
        for xb, yb in train_loader:
            loss = loss_fn(model(xb), yb)
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p, v in zip(model.parameters(), velocities):
                    v.mul_(momentum).sub_(learning_rate * p.grad)
                    p.add_(v)


train(0.1)
"""


def test_the_model_the_epochs_and_the_momentum_may_be_globals(tmp_path: Path) -> None:
    name = written(tmp_path, HEAD, AROUND)
    assert [one.rpartition(":")[2] for one in found_in(name)] == ["train"]
    subject = subject_of(f"{name}:train")
    assert {"model", "loader", "epochs", "momentum", "loss"} <= set(subject.around.values())
    results = [engine.run(law, examples=3) for law in laws_of(subject)]
    assert {r.verdict for r in results} == {"PASS", "SKIP"}, [r.text() for r in results if r.verdict != "PASS"]
    wrong = subject_of(f"{written(tmp_path, HEAD, AROUND.replace('p.add_(v)', 'p.sub_(v)'))}:train")
    assert engine.run(laws_of(wrong)[0], examples=3).verdict == "FAIL"
