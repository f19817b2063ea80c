"""Methods of a network by hand that take a step with a batch: a list of pairs of a sample and its target, as in
`for x, y in mini_batch: ...`. Recognised from names alone, beside the backward for one sample."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.alone import RATE, clips, made_of
from mlp_core.testing.foreign.attributes import taken
from mlp_core.testing.foreign.nets import Net, is_target, parts_of, read
from mlp_core.testing.subjects.doors.names import COUNTS, constants_of

LOOKS = "a method that takes a step with a list of pairs (for x, y in mini_batch)"

BATCH = re.compile(
    r"(mini_?)?batch(_data)?|(train(ing)?_?)?(data|set|samples|pairs|examples)|(mini_?)?batch_\w+", re.IGNORECASE
)
"""names of a list of pairs"""

SIZE = re.compile(r"[nm](_?(train(ing)?|samples|total|examples))?|(train(ing)?_?)?(size|total)|num_\w+", re.IGNORECASE)
"""names of the number of all pairs"""

SAMPLES = (
    "[({x}[:, k : k + 1], {y}[:, k : k + 1]) for k in range({x}.shape[1])]", "[(a, b) for a, b in zip({x}, {y})]",
)  # fmt: skip
"""the pairs of data whose samples are columns, or rows"""


def batches(file: Any) -> Iterator[tuple[Any, ...]]:
    """The methods in a file, each with what is judged; it is verified beside the backward of the class."""
    for node in file.classes():
        net = None if file.is_module(node) else read(node)
        for method in node.body if net is not None and not net.kept else ():
            if net is None or not isinstance(method, ast.FunctionDef) or method in (net.forward, net.backward):
                continue
            handed = None if clips(method) else _handed(method)
            if handed is not None and _moves(method, net):
                made = [m for m in (_made(net, method, handed, pairs) for pairs in SAMPLES) if m is not None]
                name = f"{node.name}.{method.name}"
                if made:
                    yield name, (node.name,), _first(made), frozenset(), (name,), True


def _handed(method: ast.FunctionDef) -> list[str] | None:
    """The expressions that are passed, with BATCH for the list over which it loops; None if the names show none."""
    lists = [n.iter.id for n in ast.walk(method) if isinstance(n, ast.For) and isinstance(n.iter, ast.Name)
             and isinstance(n.target, ast.Tuple) and len(n.target.elts) == 2]  # fmt: skip
    names, found = taken(method), list[str]()
    for name in names:
        constant = () if SIZE.fullmatch(name) or COUNTS.fullmatch(name) else constants_of(name)
        if name in lists and BATCH.fullmatch(name):
            found.append("BATCH")
        elif RATE.fullmatch(name):
            found.append("1.0")
        elif constant:
            found.append(repr(constant[0]))
        elif SIZE.fullmatch(name) or COUNTS.fullmatch(name):
            found.append("len(BATCH)")
        else:
            return None
    return found if found.count("BATCH") == 1 else None


def _moves(method: ast.FunctionDef, net: Net) -> bool:
    """Whether it assigns all parameters of the network."""
    stored = {ast.unparse(n) for n in ast.walk(method)
              if isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store)}  # fmt: skip
    roots = {re.sub(r"\[.*", "", one.removeprefix("self.")) for one in stored if one.startswith("self.")}
    return {place.partition("[")[0] for place in net.places} <= roots


def _made(net: Net, method: ast.FunctionDef, handed: list[str], pairs: str) -> Callable[..., Any] | None:
    x, target = taken(net.forward)[0], next(filter(is_target, taken(net.backward)))
    batch = pairs.format(x=x, y=target)
    parts = parts_of(net, method.name, [one.replace("BATCH", batch) for one in handed])
    return None if parts is None else made_of(parts)


def _first(made: list[Callable[..., Any]]) -> Callable[..., Any]:
    """A function that makes the first subject that can be made."""

    def subject(*things: Any) -> Any:
        for one in made[:-1]:
            try:
                return one(*things)
            except ArgumentError:
                continue
        return made[-1](*things)

    return subject
