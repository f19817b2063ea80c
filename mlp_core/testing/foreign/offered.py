"""Three lines to paste, for a file in which nothing was recognised: what only its author knows is left as `...`."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from mlp_core.testing.foreign.alone import BIAS, MATRIX, TARGET, is_weight
from mlp_core.testing.foreign.doors import wanted

ADD = "To have it verified, add these three lines to the file, with your own code instead of `...`:"

MARK = f"; {ADD[0].lower()}{ADD[1:-1]}"

GRADIENT = re.compile(r"back|grad|deriv|prime", re.IGNORECASE)

MADE = re.compile(
    r"model|net|network|module|optimi[sz]er|opt|loader|\w*_loader|\w*batches|criterion|loss_fn|self|cfg|config"
)
"""parameters that are no arrays"""


def lines(nodes: Sequence[ast.stmt]) -> str:
    """The lines for a definition that looks like a gradient, or else for the last one; nothing if none is defined."""
    functions = {n.name: n for n in nodes if isinstance(n, ast.FunctionDef)}
    classes = [n.name for n in nodes if isinstance(n, ast.ClassDef)]
    named = [n for n in functions if GRADIENT.search(n)]
    if named:
        return _gradient(functions[named[-1]])
    if functions:
        return _twin(list(functions.values())[-1])
    return _numbers(classes[-1]) if classes else ""


def _shapes(names: Sequence[str]) -> str:
    """Shapes for arrays of these names, of one layer."""
    kinds = (BIAS, "(k)"), (MATRIX, "(d,k)"), (TARGET, "(n,k)")
    return ",".join(next((shape for kind, shape in kinds if kind.fullmatch(n)), "(n,d)") for n in names)


def _gradient(node: ast.FunctionDef) -> str:
    takes = wanted(node)
    if not takes or any(map(MADE.fullmatch, takes)):
        return _numbers(node.name)
    params = [n for n in takes if is_weight(n)] or takes
    data = [n for n in takes if n not in params]
    call = ", ".join(f"params[{params.index(n)}]" if n in params else n for n in takes)
    head, k = ", ".join(["params", *data]), len(params)
    return (
        "from mlp_core.testing import subjects\n"
        f"def loss({head}): return ...  # the number of which {node.name} is the gradient; "
        f"params = [{', '.join(params)}]\n"
        f"subject = subjects.gradient(loss, lambda {head}: {node.name}({call}), "
        f'subjects.arrays("{_shapes([*params, *data])}").map(lambda a: (list(a[:{k}]), *a[{k}:])))'
    )


def _twin(node: ast.FunctionDef) -> str:
    takes = wanted(node)
    if not takes or any(map(MADE.fullmatch, takes)):
        return _numbers(node.name)
    return (
        "from mlp_core.testing import subjects\n"
        f"def reference({', '.join(takes)}): return ...  # what {node.name} should return, computed in another way\n"
        f'subject = subjects.twin({node.name}, reference, subjects.arrays("{_shapes(takes)}"))'
    )


def _numbers(name: str) -> str:
    return (
        f"from mlp_core.testing import subjects; reference = ...  # another way to do what {name} does\n"
        "def numbers(f, x, y): return ...  # make what f needs, such as a module; run f; return numbers to compare\n"
        f"subject = subjects.twin(lambda *a: numbers({name}, *a), lambda *a: numbers(reference, *a), "
        'subjects.arrays("(n,3),(n)<2", lib="torch"))'
    )
