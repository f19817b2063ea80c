"""The lines that are made of a file's definitions, for a gradient without its loss or beside a cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parts:
    """The functions that are made of definitions, in Python: gives(*arguments) -> gradients, and
    meets(*arguments) -> (prediction, target) or value(*arguments) -> the loss."""

    name: str
    text: str
    arguments: tuple[str, ...]
    wrt: tuple[str, ...]
    """the parameters that the gradients belong to"""
    target: str
    biases: frozenset[str]
    rate: str
    own: bool = False
    """whether the text defines value(*arguments) too, the loss in the file"""
    flat_target: bool = False
    """whether the target of a network with one output may be a vector, one number per row"""
    numbers: bool = False
    """whether each parameter is one number, as in y = a + b * x + c * x ** 2"""
    note: str = ""
    """what else is said about it"""
    step: bool = False
    """whether the gradients are those of a step that was taken, so that the sign is no convention"""
    new: bool = False
    """whether the text defines new(*arguments) too, which makes an object, and the list MADE, from which the other
    functions take an object that already exists
    """
    margin: bool = False
    """whether prediction and target are multiplied, as in max(0, 1 - y f)"""
    one: bool = False
    """whether the data is one sample, and the target its own"""
    counts: bool = False
    """whether the file counts classes by the labels, as in y.max() + 1: then the largest one is among them"""
