"""Custom operators of torch.library that are named by a text: register_autograd("lib::op", backward)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mlp_core.testing.foreign.binding import REGISTERS, makes_operator


def name_of_operator(node: ast.stmt) -> str:
    """The text "lib::op" of a function below @torch.library.custom_op("lib::op", ...); empty if it is none."""
    if isinstance(node, ast.FunctionDef) and makes_operator(node):
        for one in node.decorator_list:
            if isinstance(one, ast.Call) and (text := _text(one)):
                return text
    return ""


def named_by(node: ast.stmt) -> str:
    """The operator that a statement gives a rule by its text: a call, or a function below @register_fake("lib::op")."""
    calls = node.decorator_list if isinstance(node, ast.FunctionDef) else [getattr(node, "value", None)]
    return next((text for one in calls if _registers(one) and (text := _text(one))), "")


def given_a_gradient(nodes: Sequence[ast.stmt]) -> Iterator[str]:
    """The operators that are given a gradient by their text."""
    for node in nodes:
        if "register_autograd" in ast.dump(node) and (text := named_by(node)):
            yield text


def _registers(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in REGISTERS


def _text(node: ast.expr | None) -> str:
    match node:
        case ast.Call(args=[ast.Constant(value=str(text)), *_]) if "::" in text:
            return text
    return ""
