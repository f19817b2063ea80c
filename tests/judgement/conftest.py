"""How small a counterexample gets is not looked at in this folder, so that no time goes into it."""

from __future__ import annotations

import pytest

from mlp_core.testing.engine import runner


@pytest.fixture(autouse=True)
def few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 5)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "judgement":
            item.add_marker(pytest.mark.slow)  # four minutes in all: nox -s power runs them
