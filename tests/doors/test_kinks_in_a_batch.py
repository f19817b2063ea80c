"""A right convention at a kink does not fail, however exactly the values near it are known."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from mlp_core.testing import subjects, verify
from mlp_core.testing.right.layers.dense import relu_backward, relu_forward


def test_relu_at_zero_is_right_beside_other_zeros() -> None:
    inputs = st.just((np.array([[-0.015625], [0.0], [0.0]]),))
    report = verify(subjects.pair(relu_forward, relu_backward, inputs), examples=20)
    assert not [r for r in report.results if r.verdict == "FAIL"], str(report)
