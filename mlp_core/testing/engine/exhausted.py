"""Whether Hypothesis stopped because it had tried every example that exists.

This is how 6.130.0 and 6.170.17 behave, by their source and by trying. Hypothesis keeps a tree of the choices that led
to examples. When every branch has ended, in an example or in a filter's rejection, the run ends with "nothing left to
do". The tree counts choices, not values: 31 integers that all map to 0 are 31 examples. If filters reject too much, the
run ends earlier, with "settings.max_examples=100, but < 1% of test cases satisfied assumptions" (6.130: < 10%). If
exactly as many examples exist as were requested, or more, it ends with "settings.max_examples=100". Then it is not
known that nothing was left. A branch behind a rejected draw counts as ended, because its examples can also be reached
without the rejection.

The reason is part of the statistics that pytest shows with --hypothesis-show-statistics. Hypothesis does not guarantee
them. If the reason has other words, the test cases are counted instead. Without statistics, nothing counts as
exhausted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

try:
    from hypothesis.statistics import collector
except ImportError:  # another version of Hypothesis
    collector = None  # type: ignore[assignment]

NOTHING_LEFT = "nothing left to do"

FAR_BELOW = 400
"""the number of test cases below which no version gives up because of rejections: the earliest gives up after 459,
6.130 after 1000"""


@contextmanager
def watched() -> Iterator[list[Mapping[str, Any]]]:
    """A context in which the statistics of every run are added to the list. Listeners that exist already still receive
    them.
    """
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
    """Whether a run of `wanted` examples in which no law failed ended because no more examples exist."""
    why = statistics.get("stopped-because", "")
    if not why or "max_examples" in why or why == NOTHING_LEFT:
        return bool(why == NOTHING_LEFT)
    phases = [statistics.get(f"{name}-phase", {}) for name in ("reuse", "generate")]
    tried = [case["status"] for phase in phases for case in phase.get("test-cases", ())]
    return tried.count("valid") < wanted and len(tried) < min(5 * wanted, FAR_BELOW)
