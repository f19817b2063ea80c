"""How small a counterexample gets is not looked at in this folder, so that no time goes into it."""

from __future__ import annotations

import pytest

from mlp_core.testing.engine import runner


@pytest.fixture(autouse=True)
def few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 5)


OPEN = {
    "test_a_damaged_start_is_refused_by_name_and_the_model_is_untouched": "some damaged checkpoints are taken yet",
    "test_a_trace_of_something_else_is_refused_or_makes_no_difference": "some traces of something else are taken yet",
}
"""what the judgement does not do yet, by file or test: these tests wait for it, and may pass"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "judgement":
            item.add_marker(pytest.mark.slow)  # four minutes in all: nox -s power runs them
        names = item.path.stem, getattr(item, "originalname", item.name)
        for why in (OPEN[name] for name in names if item.path.parent.name == "judgement" and name in OPEN):
            item.add_marker(pytest.mark.xfail(reason=why, strict=False))
