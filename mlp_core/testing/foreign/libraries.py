"""Finds gradients in the forms in which libraries take them: operators of torch, rules of jax, torch modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.binding import makes_operator
from mlp_core.testing.foreign.doors import FORWARD, Door, wanted
from mlp_core.testing.foreign.operator_names import given_a_gradient, name_of_operator
from mlp_core.testing.subjects.doors.names import ABOVE

of_function = later("mlp_core.testing.subjects.doors.recognised", "of_function")
of_module = later("mlp_core.testing.subjects.doors.module", "of_module")
of_primitive = later("mlp_core.testing.subjects.doors.primitive", "of_primitive")
of_jax = later("mlp_core.testing.subjects.doors.of_jax", "of_jax")


def operators(file: Any) -> Iterator[Door]:
    """Custom operators of torch.library with register_autograd, and functions of jax below @custom_jvp."""
    given = {name for s in file.statements if "register_autograd" in ast.dump(s.node) for name in s.changes}
    texts = set(given_a_gradient(file.nodes))
    for node, _ in file.functions():
        if makes_operator(node) and (node.name in given or name_of_operator(node) in texts):
            yield node.name, (node.name,), lambda f, _: of_function(f)
        if rules := _rules(file, node):
            yield node.name, (node.name, *rules), lambda f, *_: of_jax(f)
        if any(f"{node.name}.defjvp" in map(ast.unparse, n.decorator_list) for n, _ in file.functions()):
            yield node.name, (node.name,), lambda f, _: of_jax(f)


def _rules(file: Any, node: ast.FunctionDef) -> tuple[str, ...]:
    """The two functions of f.defvjp(fwd, bwd), if f has arguments without a derivative, or their names do not show that
    they belong together; none otherwise.
    """
    held = any("nondiff_argnums" in ast.unparse(one) for one in node.decorator_list)
    for s in file.statements:
        match s.node:
            case ast.Expr(value=ast.Call(func=func, args=[ast.Name(id=one), ast.Name(id=other)])):
                paired = any(a in one and one.replace(a, b) == other for a, b in FORWARD)
                if ast.unparse(func) == f"{node.name}.defvjp" and (held or not paired):
                    return one, other
    return ()


def primitives(file: Any) -> Iterator[Door]:
    """Primitives of HIPS autograd with their rules: defvjp(f, maker of the first argument's gradient, ...)."""
    functions = {node.name for node, _ in file.functions()}
    for s in file.statements:
        match s.node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="defvjp"), args=[ast.Name(id=name), *makers], keywords=[])):
                if name in functions and makers:
                    used = {n.id for one in makers for n in ast.walk(one) if isinstance(n, ast.Name)}
                    text = f"[{', '.join(map(ast.unparse, makers))}]"
                    needs = (name, *sorted(used & functions - {name}))
                    yield name, needs, lambda f, *_, text=text: of_primitive(f, text)


def modules(file: Any) -> Iterator[Door]:
    """Torch modules with a backward(grad) of their own that assigns .grad."""
    for node in file.classes():
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        backward = methods.get("backward")
        if "forward" not in methods or backward is None or not file.is_module(node):
            continue
        above = len(wanted(backward)) == 2 and ABOVE.fullmatch(wanted(backward)[1])
        fills = any(isinstance(n, ast.Attribute) and n.attr == "grad" and isinstance(n.ctx, ast.Store)
                    for n in ast.walk(backward))  # fmt: skip
        if above and fills and len(wanted(methods["forward"])) == 2:
            yield node.name, (node.name,), lambda cls, _: of_module(cls)
