"""The network that a function of the course is given is a torch.nn.Module of the course's kind."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mlp_core.testing import laws
from mlp_core.testing.verification.verify import run

USES = [
    "model.zero_grad()", "model.eval()", "model.train(False)", "model.zero_grad(set_to_none=False)",
    "assert len(dict(model.named_parameters())) == 2 * model.L", "assert len(model.state_dict()) == 2 * model.L",
    "assert len(model.fc) == model.L", "assert max(model.z) == len(model.z) == model.L", "assert 0 not in model.z",
    "assert len(model.a) == model.L + 1", "assert list(model.fc) == [str(l) for l in model.z]",
    "assert all(g is None for g in model.dL_dw.values()) and sorted(model.dL_db) == sorted(model.z)",
    "assert isinstance(model, torch.nn.Module) and isinstance(model.fc, torch.nn.ModuleDict)",
    "assert sum(p.numel() for p in model.parameters()) == sum((a + 1) * b for a, b in zip(model.n_l, model.n_l[1:]))",
    "assert [f.in_features for f in model.fc.values()] == model.n_l[:-1]",
    "assert torch.equal(model.forward(model.a[0]), y_pred) and torch.equal(model(model.a[0]), y_pred)",
    "import copy; other = copy.deepcopy(model); assert other.fc['1'].weight is not model.fc['1'].weight",
    "assert next(model.parameters()).dtype == torch.float64 and next(model.parameters()).requires_grad",
    "assert model.training and repr(model) and str(type(model).__name__)",
    "assert len(list(model.children())) == 1 and len(list(model.modules())) == model.L + 2",
    "assert not hasattr(model, 'optimizer') and getattr(model, 'lr', None) is None",
    "model.dL_dw = {}; model.dL_db = {}", "model.x = model.z[0]; assert torch.equal(model.x, model.a[0])",
    "model.to('cpu'); model.double(); model.apply(lambda layer: None)",
]  # fmt: skip


def using(line: str) -> Any:
    """A right function that does this first."""
    source = f"""
def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        {line}
        delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        for l in range(model.L, 0, -1):
            model.dL_dw[l] = delta.T @ model.a[l - 1]
            model.dL_db[l] = delta.sum(0)
            if l > 1:
                delta = (delta @ model.fc[str(l)].weight) * model.df[l - 1](model.z[l - 1])
"""
    found: dict[str, Any] = {"torch": torch}
    exec(source, found)  # noqa: S102  (ours)
    return found["backpropagation"]


@pytest.mark.parametrize("line", USES)
def test_it_has_what_hand_ins_use(line: str) -> None:
    for law in laws(using(line), batch_sizes=(1, 1)):
        if law.name in ("equals autograd for one sample", "leaves everything else alone", "repeats itself to the bit"):
            result = run(law, examples=3)
            assert result.verdict != "FAIL", result.text()


def test_what_it_has_not_is_named_and_accuses_nobody() -> None:
    result = run(laws(using("model.attention"), batch_sizes=(1, 1))[0], examples=3)
    assert result.verdict == "UNTESTED"
    assert result.reason.startswith("it uses model.attention, which the network of the course does not have (")


def test_what_is_left_unfilled_is_named() -> None:
    result = run(laws(using("return"), batch_sizes=(1, 1))[0], examples=3)
    assert (result.verdict, result.where, result.got) == ("FAIL", "model.dL_dw[1]", "never filled")
    assert result.expected.endswith("filled nothing")
