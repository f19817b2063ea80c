"""The snippet of every failure reproduces it, with torch and the subject alone, and passes once the mistake is
fixed."""

from __future__ import annotations

from typing import Any

import pytest

from mlp_core.testing.engine.guards import globals_kept
from planted import Planted

OWN = (AssertionError, IndexError, KeyError, NotImplementedError, RuntimeError, TypeError, ValueError)


def paste(lines: str, namespace: dict[str, Any]) -> None:
    with globals_kept():
        exec(compile(lines, "<snippet>", "exec"), {"__name__": "pasted", **namespace})  # noqa: S102  what it is for


def fails_as_the_law_did_and_not_once_the_mistake_is_mended(fault: Planted) -> None:
    """Raises AssertionError, or what the snippet raised, where it does not."""
    snippet, got = fault.result.snippet, fault.result.got
    assert "hypothesis" not in snippet
    with pytest.raises(OWN) as caught:
        paste(snippet, fault.wrong)
    if fault.result.where == "the call itself":
        assert got == f"{type(caught.value).__name__}: {caught.value}"
    else:
        assert caught.type is AssertionError
    mended = "\n".join(line for line in snippet.splitlines() if not line.startswith("from mlp_core.testing.faults"))
    paste(mended, fault.fault.names)
