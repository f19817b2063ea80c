"""The handed cases of doors: each file, its definition, and the arguments that its record names."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import strategies as st

from mlp_core.testing import subjects
from mlp_core.testing.subjects import arrays

TENSORS = {"lib": "torch"}


def module(name: str) -> ModuleType:
    """A file of the cases; skips if there are none."""
    folder = os.environ.get("MLP_CORE_CASES")
    if not folder:
        pytest.skip("needs the real cases: set MLP_CORE_CASES to their folder")
    path = Path(folder) / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"case_{name.replace('/', '_')}", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    try:
        spec.loader.exec_module(found)
    finally:
        del sys.modules[spec.name]
    return found


def likelihood(m: Any) -> Any:
    """The Hessian of a class, by its score."""
    args = arrays("(d),(7),(7,d)")
    score, hessian = (lambda p, y, X, name=name: getattr(m.Linear(y, X), name)(p) for name in ("score", "hessian"))
    return subjects.jacobian(score, hessian, args)


MADE: dict[str, Any] = {
    "06_svm_loss": lambda m: subjects.value_and_gradient(m.svm_loss, arrays("(d,c),(n,d),(n)<c", reg=0.5)),
    "07_likelihood_class": likelihood,
    "09_batchnorm_pair": lambda m: subjects.pair(m.batchnorm_forward, m.batchnorm_backward, arrays("(n,d),(d),(d)")),
    "11_conv_pair": lambda m: subjects.pair(
        m.conv_forward, m.conv_backward, arrays("(n,5,4,2),(2,2,2,k),(k)", stride=st.sampled_from([1, 2]))
    ),
    "12_lstm_step_pair": lambda m: subjects.pair(
        m.lstm_step_forward, m.lstm_step_backward, arrays("(n,d),(n,2),(n,2),(d,8),(2,8),(8)")
    ),
    "14_maxpool_pair": lambda m: subjects.pair(
        m.max_pool_forward, m.max_pool_backward, arrays("(n,2,5,4)", size=st.sampled_from([2, 3]), stride=1)
    ),
    "17_double_backward": lambda m: subjects.function(m.Sinh, arrays("(n)", **TENSORS)),
    "19_cross_entropy_upstream": lambda m: subjects.function(m.RowCrossEntropy, arrays("(n,c),(n)<c", **TENSORS)),
    "21_grad_output_in_place": lambda m: subjects.function(m.SwiGLU, arrays("(n),(n)", **TENSORS)),
    "33_conv_pad_slice": lambda m: subjects.pair(
        m.conv_forward, m.conv_backward, arrays("(n,c,4,3),(k,c,2,2),(k)", pad=st.sampled_from([0, 1]))
    ),
}  # fmt: skip
"""by the name of the file; the same files in the folder of corrected ones are right"""

WORDS = {
    "06_svm_loss": "the derivative of its penalty", "09_batchnorm_pair": "not multiplied by gamma",
    "11_conv_pair": "ignores the stride",
    "12_lstm_step_pair": "changes its upstream gradient in place",
    "14_maxpool_pair": "use += instead of =", "17_double_backward": "saved without its history",
    "19_cross_entropy_upstream": "the first number of the upstream gradient is used",
    "21_grad_output_in_place": "changes its upstream gradient in place",
    "33_conv_pad_slice": "because -0 is 0",
}  # fmt: skip
"""how a mistake is named"""
