"""The advice of a report on a rule about claims can be followed."""

from __future__ import annotations

import re

import pytest

from mlp_core import ArgumentError, rules
from mlp_core.testing import laws


@pytest.mark.parametrize("name", rules.names())
def test_a_rule_can_make_every_claim_that_a_report_asks_for(name: str) -> None:
    rule = rules.get(name)
    reasons = [law.skip(law.subject) or "" for law in laws(rule)]
    asked = {claim for reason in reasons for claim in re.findall(r"add '(\w+)' to the claims", reason)}
    assert asked
    claiming = type(rule.__name__, (rule,), {"claims": rule.claims | asked, "__module__": rule.__module__})
    assert not [law.name for law in laws(claiming) if "not claimed" in (law.skip(law.subject) or "")]


def test_an_unknown_claim_is_refused_with_the_known_ones() -> None:
    sgd = rules.get("sgd")
    wrong = type("Wrong", (sgd,), {"claims": {"even"}, "__module__": sgd.__module__})
    with pytest.raises(ArgumentError, match=r"claim of Wrong: got 'even', expected one of .*fixed_point, odd"):
        laws(wrong)
