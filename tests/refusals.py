"""Shared by tests of errors: the message of a refused call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlp_core import ArgumentError


def refusal(call: Callable[..., Any], *args: Any, **options: Any) -> str:
    with pytest.raises(ArgumentError) as caught:
        call(*args, **options)
    assert isinstance(caught.value, ValueError)  # what a caller who knows nothing of us would catch
    return str(caught.value)
