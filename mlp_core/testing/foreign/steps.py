"""A step of gradient descent beside its cost: step_gradient(b_current, m_current, points, learningRate) and cost(b, m,
points). The gradient is the step, divided by the rate.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.alone import RATE, TARGET
from mlp_core.testing.foreign.doors import Door, wanted
from mlp_core.testing.foreign.passes import COST, returned

of_step = later("mlp_core.testing.subjects.doors.step", "of_step")

LOOKS = "a step that returns the new parameters, beside its cost (step_gradient(b, m, points, rate))"

STEP = re.compile(r"\w*(step|grad|update|descent|train|fit)\w*", re.IGNORECASE)

NOW = re.compile(r"_?(current|curr?|now|old|prev|0|start)$|^(current|curr?|old|prev|start)_", re.IGNORECASE)
"""what the name of a parameter in the step has more than that in the cost"""


def steps(file: Any) -> Iterator[Door]:
    functions = {node.name: node for node, _ in file.functions()}
    for node in functions.values():
        outs, names = returned(node) or [], wanted(node)
        several = list(outs[0].elts) if len(outs) == 1 and isinstance(outs[0], ast.List) else list(outs)
        rates = [n for n in names if RATE.fullmatch(n)]
        taken = [n for n in names if n not in rates]
        if not STEP.fullmatch(node.name) or len(rates) != 1 or not 1 < len(several) < len(taken):
            continue
        if any(map(TARGET.fullmatch, taken)):
            continue  # parameters, data and a target are another form
        stems = [NOW.sub("", n) for n in taken]
        costs = [c for c in functions.values() if c is not node and COST.fullmatch(c.name)
                 and len(returned(c) or ()) == 1 and sorted(wanted(c)) == sorted(stems)]  # fmt: skip
        kept = [n for n in stems[: len(several)] if not _gives(several, stems.index(n), n)]
        if len(costs) == 1 and not kept:
            order = [stems.index(n) for n in wanted(costs[0])]
            yield node.name, (node.name, costs[0].name), _made(len(several), order, names.index(rates[0]))


def _gives(outs: list[ast.expr], place: int, name: str) -> bool:
    """Whether the result in some place is the new value of a parameter: new_b, b_new, b."""
    one = outs[place]
    plain = re.sub(r"_?(new|next|updated)_?", "", one.id) if isinstance(one, ast.Name) else ""
    return NOW.sub("", plain) == name


def _made(count: int, order: list[int], rate: int) -> Any:
    return lambda step, cost, _: of_step(step, cost, count, order, rate)
