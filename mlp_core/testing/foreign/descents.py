"""Functions that descend along the gradients that another function of the file returns: `w = w - alpha * dw` in a loop.
One iteration is compared with the cost in the file. Recognised from names alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlp_core.testing.foreign.alone import BIAS, RATE, clips, is_weight, made_of
from mlp_core.testing.foreign.doors import positional
from mlp_core.testing.foreign.loop_arguments import ITERATIONS
from mlp_core.testing.foreign.loop_names import is_data, is_target
from mlp_core.testing.foreign.model_steps import is_along
from mlp_core.testing.foreign.moves import moves_in
from mlp_core.testing.foreign.passes import COST, LOSS, returned
from mlp_core.testing.subjects.doors.names import constants_of
from mlp_core.testing.subjects.doors.parts import Parts

LOOKS = "a loop that descends along the gradients of another function (w = w - alpha * dw)"

GIVEN = re.compile(r"_?(in|init|initial|start|0|old)$")
"""the end of a parameter's name that says that it is the first value: w_in"""

COSTS = re.compile(r"(compute_)?(cost|loss)(_?(function|func|fn|f))?", re.IGNORECASE)
SLOPES = re.compile(r"(compute_)?(grad(ient)?|deriv(ative)?)(_?(function|func|fn|f))?", re.IGNORECASE)
"""names of parameters that take the cost and its gradient"""


def descents(file: Any) -> Iterator[tuple[Any, ...]]:
    """The functions in a file, each with what is judged; the gradients are verified beside it."""
    functions = {node.name: node for node, _ in file.functions()}
    for name, node in functions.items():
        found = None if clips(node) else _parts(node, functions)
        if found is not None:
            parts, needs = found
            yield name, (name, *needs), made_of(parts, file), frozenset(), (name,), True


def _parts(node: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef]) -> tuple[Parts, tuple[str, ...]] | None:
    """The functions that are made of it, and the other definitions that they need; None if it has another form."""
    loops = [s for s in node.body if isinstance(s, ast.For)]
    if len(loops) != 1 or any(isinstance(s, ast.For | ast.While | ast.If) for s in _plain(loops[0])):
        return None
    call = _call(loops[0], {n: f for n, f in functions.items() if f is not node}, positional(node))
    if call is None:
        return None
    slope, made = call
    named = {t.id for t in ast.walk(made.targets[0]) if isinstance(t, ast.Name)}
    kept = {t.id for s in loops[0].body if isinstance(s, ast.Assign) and not isinstance(s.value, ast.Call)
            and {n.id for n in ast.walk(s.value) if isinstance(n, ast.Name)} <= named
            for t in s.targets if isinstance(t, ast.Name)}  # fmt: skip
    weights = _moved(loops[0], named | kept)
    names = positional(node)
    given = {w: next((n for n in names if n == w or GIVEN.sub("", n) == w), None) for w in weights}
    if not weights or None in given.values():
        return None
    handed = {n: _handed(n, given, functions, slope, names) for n in names}
    data = [n for n, one in handed.items() if one == n and n not in given.values()]
    targets = [n for n in data if is_target(n)]
    defaults = set(names[len(names) - len(node.args.defaults) :])
    if len(targets) != 1 or any(one is None and n not in defaults for n, one in handed.items()):
        return None
    value = _value(made, slope, functions, [*given.values(), *data])
    results = _results(node, weights)
    if value is None or results is None:
        return None
    text, needs = value
    arguments = (*(n for n in given.values() if n), *data)
    passed = ", ".join(f"{n}={one}" for n, one in handed.items() if one is not None)
    head, old = f"({', '.join(arguments)}):", ", ".join(n for n in given.values() if n)
    lines = [
        "import copy", f"def gives{head}", f"    before = copy.deepcopy([{old}])",
        f"    found = {node.name}({passed.replace('COPY', 'copy.deepcopy')})",
        f"    return [b - a for b, a in zip(before, [{', '.join(results)}])]", f"def value{head}", f"    return {text}",
    ]  # fmt: skip
    biases = frozenset(n for w, n in given.items() if n and BIAS.fullmatch(w))
    wrt = tuple(n for n in given.values() if n)
    return Parts(
        node.name, "\n".join(lines), arguments, wrt, targets[0], biases, "1.0", own=True, step=True
    ), needs  # fmt: skip


def _plain(loop: ast.For) -> list[ast.stmt]:
    """The statements of a loop that are more than a record or a message."""
    return [s for s in loop.body if not isinstance(s, ast.If) or any(
        isinstance(t, ast.Name) and is_weight(t.id) and isinstance(t.ctx, ast.Store) for t in ast.walk(s))]  # fmt: skip


def _call(
    loop: ast.For, functions: Mapping[str, ast.FunctionDef], names: list[str]
) -> tuple[ast.FunctionDef, ast.Assign] | None:  # fmt: skip
    """The function whose results are the gradients, and the statement that calls it."""
    for s in loop.body:
        match s:
            case ast.Assign(targets=[_], value=ast.Call(func=ast.Name(id=called))):
                if called in functions and not COST.fullmatch(called):
                    return functions[called], s
                if called in names and SLOPES.fullmatch(called):
                    fitting = [f for n, f in functions.items() if SLOPES.search(n) and len(positional(f)) >= 3]
                    return (fitting[0], s) if len(fitting) == 1 else None
    return None


def _moved(loop: ast.For, slopes: set[str]) -> list[str]:
    """The names that are moved against one of the gradients; none if one is moved in another way."""
    moved = [one for one in moves_in(loop) if is_weight(one[0])]
    names = [name for name, _, _ in moved]
    plain = all(isinstance(op, ast.Add | ast.Sub) and is_along(step, slopes) for _, op, step in moved)
    return names if plain and len(set(names)) == len(names) else []


def _handed(
    name: str, given: Mapping[str, str | None], functions: Mapping[str, ast.FunctionDef], slope: ast.FunctionDef,
    names: list[str],
) -> str | None:  # fmt: skip
    """The expression that is passed for a parameter; None for one that nothing is known of."""
    if name in given.values():
        return f"COPY({name})"
    if RATE.fullmatch(name):
        return "1.0"
    if ITERATIONS.fullmatch(name):
        return "1"
    if SLOPES.fullmatch(name) and name not in functions:
        return slope.name
    if COSTS.fullmatch(name) and name not in functions:
        costs = [n for n in functions if LOSS.fullmatch(n)]
        return costs[0] if len(costs) == 1 else None
    if is_data(name) or is_target(name):
        return name
    constant = constants_of(name)
    return repr(constant[0]) if constant else None


def _value(
    made: ast.Assign, slope: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef], arguments: list[str | None]
) -> tuple[str, tuple[str, ...]] | None:
    """The code of the cost, and the definitions that it needs: a function of the file, or a result beside the
    gradients.
    """
    stems = {GIVEN.sub("", n): n for n in arguments if n} | {n: n for n in arguments if n}

    def called(node: ast.FunctionDef) -> str | None:
        given = [stems.get(n, repr(constants_of(n)[0]) if constants_of(n) else None) for n in positional(node)]
        needed = positional(node)[: len(positional(node)) - len(node.args.defaults)]
        known = [one for one in given if one is not None]
        return f"{node.name}({', '.join(known)})" if len(known) >= len(needed) else None

    outs = made.targets[0].elts if isinstance(made.targets[0], ast.Tuple) else []
    places = [k for k, t in enumerate(outs) if isinstance(t, ast.Name) and COST.fullmatch(t.id)]
    costs = [f for n, f in functions.items() if LOSS.fullmatch(n) and f is not slope and len(returned(f) or ()) == 1]
    for node, index in [*((slope, f"[{k}]") for k in places), *((f, "") for f in costs if len(costs) == 1)]:
        text = called(node)
        if text is not None:
            return f"{text}{index}", tuple(dict.fromkeys((node.name, slope.name)))
    return None


def _results(node: ast.FunctionDef, weights: list[str]) -> list[str] | None:
    """The code of each new parameter in `found`: by its place in a tuple, or by its key in a dict."""
    outs = returned(node) or []
    names = [one.id if isinstance(one, ast.Name) else "" for one in outs]
    if set(weights) <= set(names):
        return [f"found[{names.index(w)}]" if len(outs) > 1 else "found" for w in weights]
    for s in (n for n in ast.walk(node) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Dict)):
        of = ast.unparse(s.targets[0])
        keys = {ast.unparse(v): k.value for k, v in zip(s.value.keys, s.value.values, strict=True)
                if isinstance(k, ast.Constant)} if isinstance(s.value, ast.Dict) else {}  # fmt: skip
        if of in names and set(weights) <= set(keys):
            whole = f"found[{names.index(of)}]" if len(outs) > 1 else "found"
            return [f"{whole}[{keys[w]!r}]" for w in weights]
    return None
