"""The meaning of an update rule's head, read from its names. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HOLDS = ("prefixed", "dict", "list", "array")
"""how all parameters are passed: dicts with W1 and dW1, dicts with the same keys, lists, or array by array"""

DICTS = ("params", "grads"), ("params", "dparams"), ("parameters", "gradients"), ("parameters", "grads"), (
    "params", "gradients")  # fmt: skip
"""names of two dicts of a layer"""


@dataclass(frozen=True)
class Reading:
    """How a rule is called: what each of its parameters means."""

    kind: str
    """"function", "config" (its state and its numbers are in one dict) or "made" (a function makes it). For classes:
    "class", "pairs" (a method takes pairs of a gradient and a parameter) or "objects" (it has the parameters, each with
    .data and .grad). For those that walk over layers: "layers" (a function, or a class of which an object is made),
    "kept layers" (the object gets them when it is made) or "own layers" (a network's method). "own arrays": a method
    that moves the arrays of its object, which may be in lists: `holds` is then "lists"
    """
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
    """the method of a class; of a rule that is made, the function that reads the parameters from the state, if any"""
    returned: tuple[str, ...] = ()
    """the names of the values that it returns, if it returns several"""
    holds: str = "list"
    library: str = "numpy"
    pairs: tuple[tuple[str, str], ...] = ()
    """the attributes of a layer: each parameter and its gradient"""
    single: bool = False
    """whether it takes one layer at a time"""
    around: tuple[str, str] = ("", "")
    """methods to call before and after all layers are updated, if there are any"""
    taken: tuple[str, ...] = ()
    """the hyperparameters that its method takes; or the meanings of the arguments of a rule that is made, or of the
    parts of a pair: "grads", "state", "params", "count"
    """
    updates: str = ""
    """how its updates enter, if it returns updates instead of parameters: "added", "subtracted", or by a function"""
    within: str = ""
    """the attribute of a network that has its layers"""
    starts: tuple[tuple[str, str], ...] = ()
    """the state of an object that moves its own arrays: attributes, each with the parameter of whose shape its zeros
    are, or with its first number
    """


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
    switches: tuple[str, ...] = ()
    """options such as nesterov that are on by default"""
    others: bool = False
    """whether further parameters have defaults that may change the rule, such as a falling rate or a clipping norm"""
