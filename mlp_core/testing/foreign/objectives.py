"""Finds objectives of gradient boosting in files: functions that return a gradient and a hessian, each with its
loss."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing import subjects
from mlp_core.testing.subjects.doors.calls import READS, ordered

LOOKS = (
    "an objective of gradient boosting that returns gradient and hessian, of a usual loss or beside its own "
    "(NAME_objective and NAME_loss, NAME_metric or NAME_eval)"
)

NAMED = re.compile(r"(^|_)f?obj(ective)?(_|$)|hess|objective", re.IGNORECASE)
"""names of an objective, or of the second value that it returns"""

_AFFIXES = """
    objective obj fobj loss metric eval evals feval evaluation grad gradient hess hessian cost value fn func function
    score valid train and custom my error
"""

AFFIXES = frozenset(_AFFIXES.split())
"""words in a name that do not say which loss it is"""


def pairs(nodes: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Names of objectives, each with the name of its loss: the only function with the same name apart from AFFIXES."""
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    objectives = [node for node in functions if is_objective(node)]
    losses = [node for node in functions if is_loss(node)]
    for node in objectives:
        found = [loss.name for loss in losses if loss is not node and stem(loss.name) == stem(node.name)]
        if len(found) == 1:
            yield node.name, found[0]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    by_method = {
        method: [c.name for c in classes if method in {n.name for n in c.body if isinstance(n, ast.FunctionDef)}]
        for method in ("calc_ders_range", "calc_ders_multi", "evaluate")
    }
    made = dict.fromkeys([*by_method["calc_ders_range"], *by_method["calc_ders_multi"]])
    if len(made) == len(by_method["evaluate"]) == 1:
        yield next(iter(made)), by_method["evaluate"][0]


def alone(nodes: Sequence[ast.stmt]) -> Iterator[str]:
    """Names of objectives whose loss is not in the file."""
    with_loss = {name for pair in pairs(nodes) for name in pair}
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    yield from (n.name for n in functions if is_objective(n) and n.name not in with_loss)
    for node in (n for n in nodes if isinstance(n, ast.ClassDef) and n.name not in with_loss):
        if {"calc_ders_range", "calc_ders_multi"} & {m.name for m in node.body if isinstance(m, ast.FunctionDef)}:
            yield node.name


def stem(name: str) -> str:
    """A name without the words for the kind of function.

    >>> stem("focal_loss_objective"), stem("eval_focal"), stem("custom_obj")
    ('focal', 'focal', '')
    """
    return "_".join(word for word in name.lower().strip("_").split("_") if word not in AFFIXES)


def _returned(node: ast.FunctionDef) -> list[ast.expr]:
    """The values that a function returns, at every return; functions inside it are ignored."""
    inner = {id(n) for f in ast.walk(node) if f is not node and isinstance(f, ast.FunctionDef | ast.Lambda)
             for n in ast.walk(f)}  # fmt: skip
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None and id(n) not in inner]


def _taken(node: ast.FunctionDef) -> bool:
    """Whether its parameters are labels and scores in some order, or scores and a dataset."""
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    required = len(names) - len(node.args.defaults)
    reads = any(isinstance(n, ast.Attribute) and n.attr in READS for n in ast.walk(node))
    return required in (2, 3) and ordered(names, reads) is not None


def is_objective(node: ast.FunctionDef) -> bool:
    found = _returned(node)
    two = bool(found) and all(isinstance(v, ast.Tuple) and len(v.elts) == 2 for v in found)
    if not two or not _taken(node) or any(_is_text(v.elts[0]) for v in found if isinstance(v, ast.Tuple)):
        return False
    second = [v.elts[1].id for v in found if isinstance(v, ast.Tuple) and isinstance(v.elts[1], ast.Name)]
    return bool(NAMED.search(node.name)) or any(NAMED.search(name) or name == "h" for name in second)


def is_loss(node: ast.FunctionDef) -> bool:
    found = _returned(node)
    return bool(found) and _taken(node) and all(not isinstance(v, ast.Tuple) or _is_text(v.elts[0]) for v in found)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def without_loss(f: Any, sizes: Any) -> Any:
    """An objective whose loss is looked for."""
    return later("mlp_core.testing.subjects.doors.objective_alone", "of_objective")(f)


def subject(f: Any, loss: Any, sizes: Any) -> Any:
    """The subject of an objective and its loss. The file does not say which hessian is meant, so any is allowed."""
    return subjects.objective(f, loss, hessian="told")
