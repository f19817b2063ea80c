"""Right rules whose steps look like mistakes: sign(nan) is 0 in Lion, and Muon multiplies rounding."""

from __future__ import annotations

import pytest
import torch

from mlp_core.testing import laws
from mlp_core.testing.engine.runner import run
from mlp_core.testing.verification.names import core_subjects, resolve

EXAMPLES = 2500
"""of which these laws run a twenty-fifth"""

SKIPS, COARSE = "forgets a step that it skips", "moves 16 bit parameters as 32 bit ones"


@pytest.mark.parametrize(
    ("rule", "law"),
    [
        ("lion", SKIPS),  # an entry whose gradient is NaN does not move, and its momentum is NaN
        ("muon", SKIPS),  # for some coefficients its parameters are NaN before the step
        ("muon", COARSE),  # a rounding of a gradient with a small singular value moves the step as far as the step
        ("LBFGS", COARSE),  # any change between two equal gradients changes its curvature
    ],
)
def test_a_right_rule_is_not_accused(rule: str, law: str) -> None:
    subject = core_subjects().get(rule) or getattr(torch.optim, rule)
    (found,) = (one for one in laws(resolve(subject)) if one.name == law)
    result = run(found, examples=EXAMPLES, seed=7)
    assert result.verdict == "PASS", result.text()
    assert result.counted
