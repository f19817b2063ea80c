"""The meaning of an update rule's head, read from its names. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HOLDS = ("prefixed", "dict", "list", "array")
"""how all parameters are passed: dicts with W1 and dW1, dicts with the same keys, lists, or array by array"""


@dataclass(frozen=True)
class Reading:
    """How a rule is called: what each of its parameters means."""

    kind: str
    """"function", "config" (its state and its numbers are in one dict), "class", or "objects" (a class that has the
    parameters, each with .data and .grad)"""
    params: tuple[str, ...] = ()
    """the names of the parameters; several if each array has its own"""
    grads: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    """the names of what it keeps from one step to the next"""
    begins: bool = False
    """whether a function of the parameters makes the first state"""
    count: str = ""
    """the name of the number of the step"""
    first: int = 1
    """the number of the first step"""
    method: str = ""
    returned: tuple[str, ...] = ()
    """the names of the values that it returns, if it returns several"""
    holds: str = "list"
    library: str = "numpy"


@dataclass(frozen=True)
class Said:
    """The meaning of the head and the code of a rule."""

    name: str
    reading: Reading
    hyper: dict[str, Any]
    """the hyperparameters that a caller can pass, with their defaults"""
    literals: tuple[float, ...]
    """the numbers in its code"""
    keeps: bool = True
    """whether it keeps anything from one step to the next"""
