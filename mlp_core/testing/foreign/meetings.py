"""The place in a function where the target meets the prediction: `delta = p - y`, `p[range(n), y] -= 1`, or the margin
`y * f < 1`. The code before that place is the function's own forward.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class Meeting(NamedTuple):
    """The statements before that place, and the prediction and the target there, in Python."""

    prefix: str
    prediction: str
    target: str
    margin: bool = False
    """whether they are multiplied, as in the loss of a support vector machine, max(0, 1 - y f)"""


def statements(node: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of the body; those inside `with torch.no_grad()` are included as if they were outside."""
    found = list[ast.stmt]()
    for statement in node.body:
        found += statement.body if isinstance(statement, ast.With) else [statement]
    return found


def meeting(node: ast.FunctionDef, target: str) -> Meeting | None:
    """The place where a parameter of this name meets the prediction; None if there is none."""
    local = {a.arg for a in node.args.args} | {n.id for n in ast.walk(node) if isinstance(n, ast.Name)
                                               and isinstance(n.ctx, ast.Store)}  # fmt: skip
    local.discard("self")
    return _among(statements(node), {target}, local, target)


def _among(several: Sequence[ast.stmt], targets: set[str], local: set[str], target: str) -> Meeting | None:
    before, margins = list[str](), dict[str, ast.BinOp]()

    def of(part: ast.AST) -> set[str]:
        return {n.id for n in ast.walk(part) if isinstance(n, ast.Name)} & local

    for statement in several:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not of(value):
                local.discard(name)  # a constant, such as a number of classes
            case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name), slice=index), op=ast.Sub()):
                if of(index) & targets:
                    return Meeting("\n".join(before), name, target)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() | ast.Subscript() as value) if (
                of(value) and of(value) <= targets
            ):
                targets.add(name)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=index)], value=ast.Constant()) if (
                of(index) & targets
            ):
                targets.add(name)  # one-hot rows
            case ast.For():
                return _of_samples(statement, before, targets, local, target)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(op=ast.Mult()) as value):
                margins[name] = value
        read = statement.test if isinstance(statement, ast.If) else statement
        for margin, pairs in enumerate((_differences(read), _products(read, margins))):
            for mine, other in pairs:
                if of(mine) and of(mine) <= targets and of(other) and not of(other) & targets:
                    return Meeting("\n".join(before), ast.unparse(other), ast.unparse(mine), bool(margin))
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            return None
        before.append(ast.unparse(statement))
    return None


def _differences(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The two sides of each difference in some code, in both orders."""
    for part in ast.walk(node):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub):
            yield from ((part.left, part.right), (part.right, part.left))


def _products(node: ast.AST, margins: Mapping[str, ast.BinOp]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The two factors of each margin in some code, in both orders: y * f in y * f >= 1, and in 1 - y * f. margins: the
    products that have names.
    """
    for part in ast.walk(node):
        match part:
            case ast.Compare(left=found) | ast.BinOp(left=ast.Constant(), op=ast.Sub(), right=found):
                whole = margins.get(found.id) if isinstance(found, ast.Name) else found
                if isinstance(whole, ast.BinOp) and isinstance(whole.op, ast.Mult):
                    yield from ((whole.left, whole.right), (whole.right, whole.left))


def _of_samples(
    loop: ast.For, before: list[str], targets: set[str], local: set[str], target: str
) -> Meeting | None:
    """The place in a loop over samples, whose predictions and targets are collected."""
    pairs: list[tuple[ast.expr, ast.expr]] = [(loop.target, loop.iter)]
    match loop.iter:
        case ast.Call(func=ast.Name(id="enumerate"), args=[whole]) if isinstance(loop.target, ast.Tuple):
            pairs = [(loop.target.elts[0], ast.Constant(0)), (loop.target.elts[1], whole)]
    match pairs[-1]:
        case ast.Tuple(elts=names), ast.Call(func=ast.Name(id="zip"), args=several):
            pairs = [*pairs[:-1], *zip(names, several, strict=False)]
    for one, source in pairs:
        read = {n.id for n in ast.walk(source) if isinstance(n, ast.Name)} & local
        if isinstance(one, ast.Name) and read and read <= targets and not _is_count(source):
            targets = {*targets, one.id}
        elif isinstance(one, ast.Name) and (not read or _is_count(source)):
            local = local - {one.id}
    found = _among(loop.body, set(targets), set(local), target)
    if found is None or "_collected" in found.prefix or found.margin:
        return None
    inner = [*found.prefix.splitlines(), f"_collected.append({found.prediction})", f"_targets.append({found.target})"]
    lines = ["_collected, _targets = [], []", f"for {ast.unparse(loop.target)} in {ast.unparse(loop.iter)}:"]
    text = "\n".join([*before, *lines, *(f"    {line}" for line in inner)])
    array = "__import__('numpy').array({})"
    return Meeting(text, array.format("_collected"), array.format("_targets"))


def _is_count(node: ast.expr) -> bool:
    """Whether an iterable gives indices: range(len(y)), np.random.permutation(n)."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
        "range", "arange", "permutation", "choice", "randint",
    )  # fmt: skip
