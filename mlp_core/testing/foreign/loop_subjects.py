"""The subjects of training loops: one step against a cost in the file, a loss in the loop, or a usual loss."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import made_of
from mlp_core.testing.foreign.doors import wanted
from mlp_core.testing.foreign.loop_states import with_slopes
from mlp_core.testing.foreign.loops import Loop, loops_in
from mlp_core.testing.foreign.meetings import meeting
from mlp_core.testing.foreign.passes import LOSS, returned
from mlp_core.testing.subjects.doors.parts import Parts

of_recorded = later("mlp_core.testing.subjects.doors.alone", "of_recorded")

LOOKS = "a training loop that combines target and prediction and updates its weights"

RECORD = re.compile(r"(\w+_)?(loss|cost|nll|mse|bce)|j", re.IGNORECASE)
"""names of the loss that a loop computes"""


STATE = "the gradient and the sign of the step are verified, the rule with its state is not"


def loops(file: Any) -> Iterator[tuple[str, tuple[str, ...], Any, frozenset[str], tuple[str, ...], bool]]:
    """The fields of a `Found` for each loop. Functions that it uses are verified beside it."""
    for loop in loops_in(file.nodes):
        if loop.node.name in file.definitions:
            cost = _cost(file, loop)
            if (parts := _parts(loop, cost)) is not None:
                needs = (loop.node.name, *([cost.name] if cost is not None else []))
                make = made_of(parts) if cost is not None else _recorded(loop, parts)
                about = (loop.node.name, *filter(None, [loop.about]))
                yield loop.node.name, needs, make, frozenset(), about, True


def _recorded(loop: Loop, parts: Parts) -> Any:
    """A function that makes the subject of a loop whose body may compute a loss before it updates anything."""
    for k, s in enumerate(loop.node.body):
        match s:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in loop.weights:
                break
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if RECORD.fullmatch(name):
                lines = "\n".join(f"    {line}" for one in loop.node.body[:k] for line in ast.unparse(one).splitlines())
                head = f"({', '.join(parts.arguments)}):"
                text = f"{parts.text}\ndef value{head}\n{lines}\n    return {ast.unparse(value)}"
                recorded = replace(parts, text=text, own=True)
                return lambda *things, name=name: of_recorded(parts, recorded, things[:-1], name)
    return made_of(parts)


def _cost(file: Any, loop: Loop) -> ast.FunctionDef | None:
    """The only cost in the file whose arguments are those of the loop."""
    arguments = {a.arg for a in loop.node.args.args}
    costs = [node for node, _ in file.functions() if LOSS.fullmatch(node.name) and set(wanted(node)) <= arguments
             and loop.target in wanted(node) and set(loop.weights) & set(wanted(node))
             and len(returned(node) or ()) == 1]  # fmt: skip
    return costs[0] if len(costs) == 1 else None


def _parts(loop: Loop, cost: ast.FunctionDef | None) -> Parts | None:
    met = meeting(loop.node, loop.target)
    if met is None:
        return None
    arguments = [a.arg for a in loop.node.args.args]
    head, weights = f"({', '.join(arguments)}):", ", ".join(loop.weights)
    gives = with_slopes(loop.node.name, arguments, loop.weights, loop.slopes) if loop.slopes else [
        f"    found = {loop.node.name}({', '.join(arguments)})",
        f"    return [(b - a) / {loop.rate} for b, a in zip([{weights}], found)]",
    ]  # fmt: skip
    text = "\n".join([
        f"def gives{head}", *gives,
        f"def meets{head}", *(f"    {line}" for line in met.prefix.splitlines()),
        f"    return {met.prediction}, {met.target}",
    ])  # fmt: skip
    if cost is not None:
        text += f"\ndef value{head}\n    return {cost.name}({', '.join(wanted(cost))})"
    return Parts(
        loop.node.name, text, tuple(arguments), loop.weights, loop.target, loop.biases, loop.rate, own=cost is not None,
        flat_target=True, step=True, numbers=loop.numbers,
        note=STATE if loop.slopes else "", margin=met.margin, one=loop.one,
    )  # fmt: skip
