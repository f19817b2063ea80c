"""Training loops with formulas of their own, as functions: one step of the loop returns the new weights.

A script `for i in range(n): p = X @ w; w -= lr * X.T @ (p - y)`, a function `gradient_descent(X, y, w, lr, n)` and an
estimator's `fit(X, y)` have no function for the gradient. The body of their loop becomes one, with weights, data,
target and rate as its arguments. `whole.py` adds these functions to the statements of the file.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mlp_core.testing.foreign.alone import RATE, clips
from mlp_core.testing.foreign.attributes import constructing, taken
from mlp_core.testing.foreign.loop_arguments import handed, shared, with_rate_1
from mlp_core.testing.foreign.loop_bodies import (
    Update,
    apart,
    assigned,
    cleaned,
    common_factor,
    is_plain,
    loaded_in,
    needed,
    only_added,
    only_numbers,
    retargeted,
    updates_of,
)  # fmt: skip
from mlp_core.testing.foreign.loop_names import (
    CLASSES,
    all_classes,
    counts_in,
    defaults_of,
    is_bias,
    is_data,
    is_data_or_target,
    is_target,
)  # fmt: skip
from mlp_core.testing.foreign.loop_samples import inner_of
from mlp_core.testing.foreign.loop_states import states_of
from mlp_core.testing.foreign.meetings import meeting
from mlp_core.testing.foreign.nets import read
from mlp_core.testing.foreign.top_level import is_module
from mlp_core.testing.subjects.doors.names import constants_of

METHOD = re.compile(r"_?(fit|train|learn|optimi[sz]e|gradient_descent|partial_fit|run|step)\w*", re.IGNORECASE)
FUNCTION = re.compile(
    r"\w*(descent|fit|train|learn|epoch|optimi[sz]e|regression|gd|perceptron|model|momentum|adam|rmsprop|nesterov|adagrad)\w*",
    re.IGNORECASE,
)
"""names of methods and functions that train"""

@dataclass(frozen=True)
class Loop:
    """A function that is one step of a loop, and its parameters."""

    node: ast.FunctionDef
    weights: tuple[str, ...]
    data: str
    target: str
    rate: str
    biases: frozenset[str]
    numbers: bool = False
    """whether each weight is one number"""
    slopes: int = 0
    """how many gradients it returns after its weights, if its updates have a state"""
    about: str = ""
    """the class of the method"""
    one: bool = False
    """whether it takes one sample at a time"""


def loops_in(nodes: Sequence[ast.stmt]) -> Iterator[Loop]:
    """The training loops of a file, each as a function."""
    top = [n for node in nodes for n in (node.body if isinstance(node, ast.If) else [node])]
    classes = {n.name: n for n in top if isinstance(n, ast.ClassDef)}
    bound = [s for s in apart(top) if isinstance(s, ast.Assign)]
    for k, node in enumerate(top):
        found = None
        if isinstance(node, ast.For | ast.While):
            found = _of_script(top, k, node)
        elif isinstance(node, ast.FunctionDef) and FUNCTION.fullmatch(node.name):
            found = _of_function(node, bound)
        elif isinstance(node, ast.ClassDef):
            found = None if is_module(node, classes) else _of_class(node)
        if found is not None:
            yield found


def _of_script(top: Sequence[ast.stmt], k: int, loop: ast.For | ast.While) -> Loop | None:
    """A loop outside of functions. Names that are made of the data, such as m = len(y), are made again."""
    inner = inner_of(loop)
    bound = {n: s for s in apart([*top[:k], *inner.before]) if isinstance(s, ast.Assign) for n in assigned([s])}
    body = cleaned(inner.loop)
    updates = updates_of(body)
    weights = {one.text for one in updates}
    made = [s for n, s in bound.items() if any(map(is_data_or_target, loaded_in([s])))
            and not is_data_or_target(n) and n not in weights]  # fmt: skip
    given = [*(n for n in bound if n not in inner.names), *inner.names]
    return _loop(f"loop_in_line_{loop.lineno}", needed(made, body), body, given, updates, one=inner.one)


def _of_function(node: ast.FunctionDef, outside: Sequence[ast.Assign]) -> Loop | None:
    """A function with one loop. The statements before the loop remain, but the weights become arguments. So do data and
    a target that are variables of the file; what is made of these outside, such as n = len(X), is made again.
    """
    place = _place(node.body)
    if place is None:
        return None
    loop = node.body[place]
    assert isinstance(loop, ast.For | ast.While)
    inner = inner_of(loop)
    before, body = apart([*node.body[:place], *inner.before]), cleaned(inner.loop)
    updates = updates_of(body)
    weights = {one.text for one in updates}
    kept = [s for s in before if isinstance(s, ast.Assign) and not assigned([s]) & weights]
    given = [*(a.arg for a in node.args.args), *(n for s in before for n in assigned([s]) & weights)]
    free = [n for n in loaded_in(node.body) if n not in given and n not in assigned(node.body)]
    ours, again = shared(free, outside, common_factor(body, updates))
    given, kept = [*given, *ours], [*again, *kept]
    defaults = defaults_of(node, given)
    given = [*(n for n in given if n not in (*assigned(defaults), *inner.names)), *inner.names]
    return _loop(f"{node.name}_loop", [*defaults, *needed(kept, body)], body, given, updates, one=inner.one)


def _of_class(node: ast.ClassDef) -> Loop | None:
    """A method with one loop, of an object that its class makes without arguments; weights are attributes."""
    methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
    passed = handed(taken(methods["__init__"])) if "__init__" in methods else []
    if passed is None:
        return None
    for method in (m for n, m in methods.items() if METHOD.fullmatch(n) and not m.decorator_list):
        place = _place(method.body)
        if place is None or sum(map(is_target, taken(method))) != 1:
            continue
        loop = method.body[place]
        assert isinstance(loop, ast.For | ast.While)
        inner = inner_of(loop)
        before, body = apart([*method.body[:place], *inner.before]), cleaned(inner.loop)
        updates = [one for one in updates_of(body) if one.text.startswith("self.")]
        weights = {one.text for one in updates}
        kept = [s for s in before if isinstance(s, ast.Assign) and not weights & {ast.unparse(t) for t in s.targets}]
        made = constructing(methods) if "__init__" in methods else None
        rates = [t.attr for s in apart(made.body) if isinstance(s, ast.Assign) for t in s.targets
                 if isinstance(t, ast.Attribute) and RATE.fullmatch(t.attr)] if made else []  # fmt: skip
        first = [f"self = {node.name}({', '.join(passed)})", *(f"self.{r} = 1.0" for r in rates),
                 *(f"{one.text} = {one.name}" for one in updates)]  # fmt: skip
        last = [f"{one.name} = {one.text}" for one in updates]
        made_first, made_last = (ast.parse("\n".join(lines)).body for lines in (first, last))
        given = [*(n for n in taken(method) if n not in inner.names), *inner.names, *(one.name for one in updates)]
        before = [*made_first, *needed(kept, body)]
        name = f"{node.name}_{method.name}_loop"
        found = _loop(name, before, [*body, *made_last], given, updates, one=inner.one)
        if found is not None:
            unmangled(found.node, node.name)
            net = read(node)
            return replace(found, about=node.name if net is not None and net.backward is method else "")
    return None


def _place(body: Sequence[ast.stmt]) -> int | None:
    """The place of the only loop among statements."""
    places = [k for k, s in enumerate(body) if isinstance(s, ast.For | ast.While)]
    return places[0] if len(places) == 1 else None


def _loop(
    name: str, before: Sequence[ast.stmt], body: Sequence[ast.stmt], given: Sequence[str], updates: Sequence[Update],
    *, one: bool = False,
) -> Loop | None:  # fmt: skip
    """The function of a loop; None if its names do not show weights, data and one target."""
    weights = tuple(dict.fromkeys(one.name for one in updates))
    counts = counts_in(given, [*before, *body]) - set(weights)
    before = [*ast.parse("\n".join(f"{n} = {CLASSES}" for n in sorted(counts))).body, *before]
    given = [n for n in given if n not in counts]
    factor = common_factor(body, updates)
    before = [with_rate_1(all_classes(s), factor) for s in before]
    statements = [*before, *body]
    counters = assigned([s for s in body if isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant)])
    free = [n for n in given if n in loaded_in(statements) and n not in weights and n not in counters]
    arrays = [n for n in free if n != factor or is_data(n)]  # L may be a rate
    targets = [n for n in arrays if is_target(n)]
    data = [n for n in arrays if is_data(n) and n not in targets]
    rest = [n for n in free if n not in (*targets, *data)]
    rates = [n for n in rest if n == factor] or [n for n in rest if RATE.fullmatch(n)]
    unknown = [n for n in rest if n not in rates and n not in assigned(before) and not constants_of(n)]
    biases = frozenset(one.name for one in updates if is_bias(one.name) or only_added(one.text, body))
    states = states_of(body, updates)
    if states is None:
        return None
    before = [*before, *states.lines()]
    numbers = bool(weights) and only_numbers([*before, *body])
    if not is_plain(body) or not weights or (biases >= set(weights) and not numbers):
        return None
    if len(targets) != 1 or len(data) != 1 or len(rates) > 1:
        return None
    if unknown and not name.startswith("loop_in_line"):
        return None
    constants = [n for n in rest if n not in rates and constants_of(n) and not name.startswith("loop_in_line")]
    arguments = [*weights, data[0], targets[0], *constants, *rates]
    returned = ast.parse(f"return {', '.join([*weights, *states.slopes])},").body
    (node,) = ast.parse(f"def {name}({', '.join(arguments)}): pass").body
    assert isinstance(node, ast.FunctionDef)
    node.body = [*map(copy.deepcopy, before), *retargeted(body), *returned]
    ast.fix_missing_locations(ast.copy_location(node, body[0]))
    if clips(node) or meeting(node, targets[0]) is None:
        return None
    return Loop(node, weights, data[0], targets[0], rates[0] if rates else "1.0", biases, numbers, len(states.slopes),
                one=one)  # fmt: skip


def unmangled(node: ast.FunctionDef, owner: str) -> None:
    """Write private attributes of a class as code outside of it must: self._Owner__name for self.__name."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and part.attr.startswith("__") and not part.attr.endswith("__"):
            part.attr = f"_{owner.lstrip('_')}{part.attr}"
