"""Whether Hypothesis stopped because no example was left that it had not tried.

What it does, read and tried in 6.130.0 and 6.170.17: every choice that led to an example goes into a tree, and once all
branches of that tree have ended, by an example or by a filter's rejection, the run ends with "nothing left to do". This
counts choices, not values: 31 integers that are all mapped to 0 are 31 examples. Where filters reject too much it ends
before that, with "settings.max_examples=100, but < 1% of test cases satisfied assumptions" (6.130: < 10%), and where
exactly as many examples exist as were asked for, or more, with "settings.max_examples=100": that nothing was left then
is not known. A part of the tree behind a rejected draw counts as ended, since what follows it could be had without the
rejection.

The reason stands in the statistics that pytest shows with --hypothesis-show-statistics. They are no promise: in other
words for it, the test cases are counted; without statistics, nothing counts as exhausted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

try:
    from hypothesis.statistics import collector
except ImportError:  # another version's
    collector = None  # type: ignore[assignment]

NOTHING_LEFT = "nothing left to do"

FAR_BELOW = 400
"""test cases among which no version has given up over rejections yet: the first has after 459, 6.130 after 1000"""


@contextmanager
def watched() -> Iterator[list[Mapping[str, Any]]]:
    """Inside, the statistics of every run come into the list, and go to whoever listens already."""
    heard = list[Mapping[str, Any]]()
    if collector is None:
        yield heard
        return
    before = collector.value

    def hear(statistics: Mapping[str, Any]) -> None:
        heard.append(statistics)
        if before is not None:
            before(statistics)

    with collector.with_value(hear):  # type: ignore[arg-type]  # typed by its first value, None
        yield heard


def nothing_left(statistics: Mapping[str, Any], wanted: int) -> bool:
    """Whether a run of `wanted` examples that broke no law ended because there are no more."""
    why = statistics.get("stopped-because", "")
    if not why or "max_examples" in why or why == NOTHING_LEFT:
        return bool(why == NOTHING_LEFT)
    phases = [statistics.get(f"{name}-phase", {}) for name in ("reuse", "generate")]
    tried = [case["status"] for phase in phases for case in phase.get("test-cases", ())]
    return tried.count("valid") < wanted and len(tried) < min(5 * wanted, FAR_BELOW)
