"""A right gradient at subnormal parameters: it does not fail by quotients whose steps are subnormal too."""

from __future__ import annotations

import pytest
import torch
from hypothesis import strategies as st

from mlp_core.testing import subjects, verify


@pytest.mark.parametrize("tiny", [2.2e-311, 5e-324, 1e-308, 3e-300])
def test_a_right_gradient_among_subnormal_numbers_is_not_accused(tiny: float) -> None:
    inputs = st.just(([torch.tensor([tiny, 0.0, 2.0], dtype=torch.float64)],))
    report = verify(subjects.gradient(lambda p: (p[0] ** 3).sum(), lambda p: [3 * p[0] ** 2], inputs), examples=5)
    assert not [r for r in report.results if r.verdict == "FAIL"], str(report)


def test_a_wrong_gradient_beside_a_subnormal_number_is_broken() -> None:
    inputs = st.just(([torch.tensor([2.2e-311, 2.0], dtype=torch.float64)],))
    report = verify(subjects.gradient(lambda p: (p[0] ** 3).sum(), lambda p: [2 * p[0] ** 2], inputs), examples=5)
    assert [r for r in report.results if r.verdict == "FAIL"], str(report)
