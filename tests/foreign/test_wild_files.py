"""Files of further kinds as they lie: right ones are lawful, and the same with one mistake are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from pairs_of_strangers import Case, holds, said
from wild_files import CASES

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.load import found_in


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_right_is_lawful_and_wrong_is_wrong(case: Case, tmp_path: Path) -> None:
    holds(tmp_path, case)


def test_a_file_for_tensorflow_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text("import tensorflow as tf\n\n@tf.custom_gradient\ndef f(x):\n    return tf.exp(x), lambda g: g\n")
    with pytest.raises(ArgumentError) as caught:
        found_in(str(path))
    assert "written for TensorFlow" in str(caught.value.brief)
    assert not caught.value.paste


BIAS_GELU = """\
import numpy as np

def bias_relu_forward(x, bias):
    return np.maximum(x + bias, 0), x + bias

def bias_relu_backward(dout, z):
    dz = dout * (z > 0)
    return dz, dz
"""


def test_a_bias_is_a_vector_if_the_code_runs_with_one(tmp_path: Path) -> None:
    told = said(tmp_path, BIAS_GELU)["bias_relu"]
    assert [where for _, verdict, where, _ in told if verdict == "FAIL"] == ["gradient of bias"]


SCALAR_TENSOR = """\
import torch

def cost(w, x):
    return ((x @ w) ** 2).sum()

def cost_grad(w, x):
    return 2 * x.t() @ (x @ w)
"""


def test_a_loss_that_is_a_scalar_tensor_is_one_number(tmp_path: Path) -> None:
    told = said(tmp_path, SCALAR_TENSOR)["cost"]
    assert {verdict for _, verdict, _, _ in told} <= {"PASS", "SKIP"}


CLIPPED = """\
import numpy as np

def nll(p, t):
    return -np.sum(t * np.log(np.clip(p, 1e-7, 0.5)))

def nll_grad(p, t):
    return np.where((p > 1e-7) & (p < 0.5), -t / p, 0.0)
"""


@pytest.mark.parametrize(("old", "verdict"), [("", "PASS"), (", -t / p, 0.0)", "FAIL")])
def test_a_clip_at_a_half_is_part_of_the_loss(old: str, verdict: str, tmp_path: Path) -> None:
    """A probability above 1/2 is usual: a gradient that is not 0 there is wrong."""
    text = CLIPPED.replace(old, ", -t / p, -t / 0.5)") if old else CLIPPED
    verdicts = {one for _, one, _, _ in said(tmp_path, text, examples=12)["nll"]} - {"SKIP"}
    assert verdict in verdicts
    assert verdict == "FAIL" or verdicts == {"PASS"}
