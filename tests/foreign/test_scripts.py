"""Scripts that backpropagate by hand beside loss.backward(): run whole, under several seeds."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import subjects, verify
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.faults import scripts as faults
from mlp_core.testing.foreign.load import found_in, loaded

CASES = Path(os.environ.get("MLP_CORE_CASES", "")) / "doors"

HEAD = """
import torch
import torch.nn.functional as F
torch.manual_seed(42)
x, t = torch.randn(5, 3), torch.randn(5, 2)
W = torch.randn(3, 2, requires_grad=True)
b = torch.zeros(2, requires_grad=True)
y = x @ W + b
a = torch.tanh(y)
y.retain_grad()
loss = ((a - t) ** 2).mean()
loss.backward()
n = t.numel()
"""

RIGHT = {
    "dNAME": "dy = 2 * (a - t) / n * (1 - a**2)\ndW, db = x.T @ dy, dy.sum(0)",
    "grad_NAME": "grad_y = (a - t) * (1 - a * a) * 2 / n\ngrad_W = torch.einsum('ni,nj->ij', x, grad_y)",
    "NAME_grad": "y_grad = (1 - a**2) * F.mse_loss(a, t, reduction='none').sqrt() * (a - t).sign() * 2 / n\n"
                 "W_grad = x.t().mm(y_grad)",
    "no graph": "with torch.no_grad():\n    dy = (1 - a**2) * (2 / n) * (a - t)\n    dW = x.T @ dy",
    "a row without its first axis":
        "r = torch.randn(1, 2, requires_grad=True)\n((x @ W.detach() + r) * t).sum().backward()\ndr = t.sum(0)",
    "other tensors beside it": "dy = 2 * (a - t) / n * (1 - a**2)\ndW = x.T @ dy\ndx = 0.1\nd_model = torch.ones(3)",
}  # fmt: skip

WRONG = {
    "a sum for a mean": ("dy = 2 * (a - t) * (1 - a**2)\ndW = x.T @ dy", "it is 10 times autograd's, which is n"),
    "a sign": ("dy = 2 * (t - a) / n * (1 - a**2)\ndW = x.T @ dy", "the sign is wrong"),
    "no derivative of tanh": ("dy = 2 * (a - t) / n\ndW = x.T @ dy", ""),
    "one row": ("dy = 2 * (a - t) / n * (1 - a**2)\ndb = dy[0]", ""),
    "a mean over rows": ("dy = 2 * (a - t) / n * (1 - a**2)\ndb = dy.mean(0)", "db: it is 0.2 times autograd's"),
    "a thousandth": ("dy = 2 * (a - t) / n * (1 - a**2)\ndW = x.T @ dy * 1.001", "dW: it is 1.001 times"),
    "in single precision a little off": ("dy = 2 * (a - t) / n * (1 - a**2)\ndW = x.T @ dy + 1e-9", ""),
    "transposed": ("dy = 2 * (a - t) / n * (1 - a**2)\ndW = dy.T @ x", ""),
}  # fmt: skip


def judged(path: Path, monkeypatch: pytest.MonkeyPatch, source: str | None = None) -> Any:
    """The results of a script, in this process."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    if source is not None:
        path.write_text(source)
    (name,) = found_in(str(path))
    assert name.endswith(":script")
    found, things = loaded(name)
    sys.modules.pop(path.stem, None)
    return verify(found.make(*things, (1, 8)), examples=8).results[0]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_script_passes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged(tmp_path / "right_script.py", monkeypatch, HEAD + RIGHT[name])
    assert result.verdict == "PASS", result.text()
    assert "compared with autograd: " in result.reason
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_script_is_told_named_and_shown_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, words = WRONG[name]
    result = judged(tmp_path / "wrong_script.py", monkeypatch, HEAD + source)
    assert result.verdict == "FAIL"
    assert words in (result.diagnosis or "")
    if name == "a sign":
        with globals_kept(), pytest.raises(AssertionError):
            exec(result.snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)
        assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("fault", faults.CATALOGUE.faults[:2], ids=lambda fault: fault.name)
def test_only_some_seeds_repeat_an_index_and_some_is_enough(fault: Any) -> None:
    assert verify(fault.make(faults.right), examples=8).ok
    result = verify(fault.subject, examples=8).results[0]
    assert result.verdict == "FAIL"
    assert "names a row several times" in str(result.diagnosis) or "6 times autograd's" in str(result.diagnosis)


def test_what_cannot_be_run_or_has_nothing_to_compare_is_untested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source, words in (
        (f"{HEAD}dW = open('not there').read()", "the script cannot be run: FileNotFoundError"),
        (f"{HEAD}dW = W.grad.clone()\ndb = 1.0", "there is nothing to compare"),
    ):
        result = judged(tmp_path / "odd_script.py", monkeypatch, source)
        assert result.verdict == "UNTESTED"
        assert words in result.reason


def test_what_merely_calls_backward_is_no_script_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "training.py"
    path.write_text(HEAD + "W.data -= 0.1 * W.grad")
    with pytest.raises(ArgumentError, match="the file defines no function and no class"):
        found_in(str(path))


@pytest.mark.skipif(not CASES.is_dir(), reason="MLP_CORE_CASES names no folder with cases of doors")
def test_the_handed_script_is_judged_named_and_right_once_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = CASES / "15_embedding_script.py"
    result = judged(path, monkeypatch)
    assert "if Xb names a row several times" in str(result.diagnosis)
    mended = "dC.index_add_(0, Xb.flatten(), demb.flatten(0, 1))"
    source = path.read_text().replace("for k in range(n):\n    dC[Xb[k]] += demb[k]", mended)
    assert mended in source
    assert judged(tmp_path / "mended_script.py", monkeypatch, source).verdict == "PASS"


def test_a_script_is_verified_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "hand.py"
    path.write_text(HEAD)
    assert subjects.script(path) == f"{path}:script"
    with pytest.raises(ArgumentError, match="path: got"):
        subjects.script(tmp_path / "none.py")
