"""Estimates by design in files: a failure shows the lines that declare them, and these lines work when pasted."""

from __future__ import annotations

import re
from pathlib import Path
from unittest.mock import patch

import pytest
from pairs_of_strangers import said

from mlp_core.testing.engine import runner as engine
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked

LAW = "is the derivative of its own forward"

CLIPPED = """\
import torch


class Binarize(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[x.abs() > 1] = 0
        return grad_input
"""

QUANTIZED = """\
import torch


class FakeQuantize(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x, scale)
        return torch.clamp(torch.round(x / scale), -8, 7) * scale

    @staticmethod
    def backward(ctx, g):
        x, scale = ctx.saved_tensors
        return g * (((x / scale) >= -8) & ((x / scale) <= 7)), None
"""

REVERSED = """\
import torch


class GradientReversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return -0.5 * grad_output
"""

FILES = {"clipped": (CLIPPED, "straight-through"), "quantized": (QUANTIZED, "straight-through"),
         "reversed": (REVERSED, "reversed")}  # fmt: skip


def note(folder: Path, text: str) -> str:
    path = folder / "theirs.py"
    path.write_text(text, encoding="utf-8")
    (name,) = found_in(str(path))
    (law,) = (law for law in laws_of(*loaded(name), 8, checked) if law.name == LAW)
    assert law.runs is not None
    with patch.object(engine, "SHRINKS", 3):
        result = law.runs(law, examples=6)
    assert result.verdict == "FAIL"
    return result.reason


@pytest.mark.parametrize("kind", FILES)
def test_the_failure_shows_lines_that_work_when_pasted(kind: str, tmp_path: Path) -> None:
    text, word = FILES[kind]
    reason = note(tmp_path, text)
    lines = reason.partition("If it is so by design, declare it: ")[2]
    assert f'waives=["{word}"]' in lines
    (told,) = said(tmp_path, f"{text}\n{lines}\n").values()
    assert [one for one in told if one[1] not in ("PASS", "SKIP")] == []
    assert (LAW, "SKIP") in [one[:2] for one in told]


@pytest.mark.parametrize("wrong", ["return 2 * grad_output", "return grad_output * (x > 0) * 1.01"])
def test_a_wrong_gradient_is_not_called_an_estimate(wrong: str, tmp_path: Path) -> None:
    text = CLIPPED.replace("return x.sign()", "return x.clamp(min=0)").replace("Binarize", "Clamp")
    text = re.sub(r"grad_input = grad_output.*", wrong, text, flags=re.S)
    assert "by design" not in note(tmp_path, f"{text}\n")
