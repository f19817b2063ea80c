"""The wrong entry of an update rule and of a training, step by step beside its reference's, in JSON and on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mlp_core.testing import subjects
from mlp_core.testing.engine.result import Result
from mlp_core.testing.report.brief import brief
from mlp_core.testing.report.report import Report
from mlp_core.testing.verification.verify import laws, run


class Averaged(torch.optim.SGD):
    """The velocity is an average."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in (p for p in group["params"] if p.grad is not None):
                state = self.state[p]
                v = state.setdefault("momentum_buffer", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(p.grad, alpha=1 - group["momentum"])
                p.sub_(group["lr"] * v)


def train(model: Any, loss_fn: Any, loader: Any, n_epochs: int, lr: float) -> None:
    for _ in range(n_epochs):
        for x, y in loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= 2 * lr * p.grad


def failure(subject: Any) -> Result:
    for law in laws(subject):
        result = run(law, examples=10)
        if result.verdict == "FAIL":
            return result
    raise AssertionError("nothing is broken")


@pytest.fixture(scope="module")
def optimizer() -> Result:
    def sgd(params: Any, lr: float = 0.1, momentum: float = 0.9) -> torch.optim.Optimizer:
        return torch.optim.SGD(params, lr, momentum, foreach=False)

    return failure(subjects.optimizer(lambda params, **hyper: Averaged(params, lr=0.1, momentum=0.9), sgd))


@pytest.fixture(scope="module")
def training() -> Result:
    return failure(subjects.training(train))


def test_the_entry_of_an_optimizer_is_followed_with_its_state(optimizer: Result) -> None:
    shown = optimizer.trajectory
    assert shown is not None
    step = int(optimizer.where.partition("step ")[2].partition(":")[0])
    assert shown["entry"]["got"][0] == shown["entry"]["expected"][0]
    assert repr(shown["entry"]["got"][step]) == optimizer.got
    assert [curve["name"] for curve in shown["state"]] == ["momentum_buffer"]


def test_the_weight_of_a_training_is_followed(training: Result) -> None:
    shown = training.trajectory
    assert shown is not None
    assert shown["entry"]["got"][0] == shown["entry"]["expected"][0]
    assert len(shown["entry"]["got"]) == len(shown["entry"]["expected"])
    assert shown["entry"]["got"] != shown["entry"]["expected"]


def test_the_page_draws_both_and_marks_the_lines(optimizer: Result, training: Result, tmp_path: Path) -> None:
    report = Report([optimizer, training])
    report.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count('class="plot"') == 3
    assert page.count('<span class="writes">') >= 2
    rows = json.loads(report.to_json())["results"]
    assert all(row["lines"] and row["trajectory"] for row in rows)
    cell = report._repr_html_()
    assert cell is not None
    assert 'class="writes"' in cell


@pytest.mark.parametrize("width", [80, 100])
def test_a_failure_fits_one_screen(optimizer: Result, training: Result, width: int) -> None:
    for result in (optimizer, training):
        lines = brief([result], "module:Name", "", width).plain.splitlines()
        assert len(lines) <= 36
        assert all(len(line) <= width for line in lines if "law = next" not in line)
        assert any(line.lstrip().startswith(">") for line in lines)
