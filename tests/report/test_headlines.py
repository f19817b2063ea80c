"""The line said of a hand-in of which a law is untested: of one sample and of batches no more than was shown."""

from __future__ import annotations

import pytest
from test_unproven import BARE, FEW, SKIPPED, UNPROVEN, result

from mlp_core.testing import Result
from mlp_core.testing.engine.groups import BATCH, CONDUCT
from mlp_core.testing.foreign.verdict import headline
from mlp_core.testing.report.findings import NO_FORMULA

ONE, SEVERAL, CONDUCTED = result("one"), result("several", group=BATCH), result("manners", group=CONDUCT, judges=False)


def untested(of: Result) -> Result:
    return result(of.law, "UNTESTED", FEW, group=of.group)


def broken(of: Result) -> Result:
    return result(of.law, "FAIL", "broken", group=of.group, where="here", got=of.law)


@pytest.mark.parametrize(("results", "words"), [
    ([ONE, SEVERAL, CONDUCTED], "right for one sample, and for batches"),
    ([untested(ONE), SEVERAL, CONDUCTED], UNPROVEN),
    ([broken(ONE), untested(SEVERAL)], "wrong"),
    ([untested(ONE), broken(SEVERAL)], f"wrong for batches; of one sample {UNPROVEN}"),
    ([ONE, untested(SEVERAL)], f"right for one sample; of batches {UNPROVEN}"),
    ([untested(ONE), SEVERAL, broken(CONDUCTED)], f"{UNPROVEN}; not so: manners"),
    ([ONE, SEVERAL, untested(CONDUCTED)], UNPROVEN),
    (BARE, f"lawful (1 law skipped); {NO_FORMULA}"),
    ([SKIPPED, SKIPPED], "nothing was checked"),
])  # fmt: skip
def test_the_headline_of_a_hand_in(results: list[Result], words: str) -> None:
    assert headline(results, course=False) == words
