"""How small a counterexample gets is not looked at in this folder, so that no time goes into it."""

from __future__ import annotations

import pytest

from mlp_core.testing.engine import runner


@pytest.fixture(autouse=True)
def few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 5)
