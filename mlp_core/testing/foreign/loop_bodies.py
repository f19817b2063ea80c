"""The body of a training loop: its updates of weights, and its statements without prints, records and stops."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence
from typing import NamedTuple


class Update(NamedTuple):
    """An update of a weight in a loop: w -= step, or w = w - step."""

    text: str
    """the weight as it is written, such as self.w_"""
    name: str
    """the weight as the name of a parameter"""


def apart(nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements with `a, b = f(x), g(x)` as two of them, unless a later value reads an earlier target."""
    found = list[ast.stmt]()
    for s in nodes:
        match s:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                names, read = [ast.unparse(t) for t in targets], [read_in(v) for v in values]
                later = (names[i] in read[k] for k in range(len(read)) for i in range(k))
                if len(targets) == len(values) and not any(later):
                    pairs = zip(targets, values, strict=True)
                    found += [ast.copy_location(ast.Assign([t], v), s) for t, v in pairs]
                    continue
        found.append(s)
    return found


def read_in(node: ast.AST) -> set[str]:
    """The names and attributes in a piece of code, as they are written."""
    return {ast.unparse(n) for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute)}


def cleaned(loop: ast.For | ast.While) -> list[ast.stmt]:
    """The statements of the body that compute something, after one that gives the loop's variable a number."""
    found = [s for s in apart(loop.body) if not _only_tells(s)]
    found = [s for s in found if not _records(s, [one for one in found if one is not s])]
    idle = [s for s in found if _is_counter(s) and _counted(s) not in loaded_in([one for one in found if one is not s])]
    found = [_first_count(s) for s in found if s not in idle]
    if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name) and loop.target.id in loaded_in(found):
        counter = ast.parse(f"{loop.target.id} = 1").body[0]
        return [ast.copy_location(counter, loop), *found]
    return found


TELLS = re.compile(
    r"print|pprint|display|(\w+\.)+(append|extend|info|debug|log|write|set_description|set_postfix|add_scalar)"
    r"|(plt|ax|fig|sns|pyplot|tqdm|wandb|logger|logging)\.\w+"
)
"""calls that change no number"""


def _only_tells(node: ast.stmt) -> bool:
    """Whether a statement only prints, records, plots or stops."""
    match node:
        case ast.Expr(value=ast.Call(func=func)):
            return TELLS.fullmatch(ast.unparse(func)) is not None
        case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Break() | ast.Continue():
            return True
        case ast.If(body=body, orelse=orelse):
            return all(map(_only_tells, [*body, *orelse]))
        case ast.With(body=body):
            return all(map(_only_tells, body))
    return False


def _is_counter(node: ast.stmt) -> bool:
    """Whether a statement counts steps: t += 1, self.t += 1."""
    match node:
        case ast.AugAssign(target=ast.Name() | ast.Attribute(), op=ast.Add(), value=ast.Constant()):
            return True
    return False


def _counted(node: ast.stmt) -> str:
    assert isinstance(node, ast.AugAssign)
    return node.target.id if isinstance(node.target, ast.Name) else "self"


def _first_count(node: ast.stmt) -> ast.stmt:
    """t = 1 for t += 1."""
    if not _is_counter(node):
        return node
    assert isinstance(node, ast.AugAssign)
    return ast.copy_location(ast.parse(f"{ast.unparse(node.target)} = 1").body[0], node)


def is_plain(body: Sequence[ast.stmt]) -> bool:
    """Whether a body computes its gradients itself, and can be a function: nothing stops or returns in it."""
    parts = [n for s in body for n in ast.walk(s)]
    ends = (ast.Break, ast.Continue, ast.Return, ast.Yield, ast.Await)
    differentiated = any(isinstance(n, ast.Attribute) and n.attr in ("backward", "grad", "gradient") for n in parts)
    return not differentiated and not any(isinstance(n, ends) for n in parts)


def _records(node: ast.stmt, others: Sequence[ast.stmt]) -> bool:
    """Whether a statement only writes an entry that no other one reads: history[i] = cost."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name not in loaded_in(others)
    return False


def needed(before: Sequence[ast.stmt], body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements before a body that bind what it reads, directly or through others."""
    found, names = list[ast.stmt](), set(loaded_in(body))
    for s in reversed(before):
        if assigned([s]) & names:
            found.insert(0, s)
            names |= set(loaded_in([s]))
    return found


def assigned(nodes: Sequence[ast.stmt]) -> set[str]:
    """The names that statements bind."""
    return {n.id for s in nodes for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def loaded_in(nodes: Sequence[ast.stmt]) -> list[str]:
    """The names that statements read, in the order of the source."""
    names = [n for s in nodes for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    several = sorted(names, key=lambda n: (n.lineno, n.col_offset))
    also = [s.target.id for s in nodes if isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Name)]
    return list(dict.fromkeys([*(n.id for n in several), *also]))


def updates_of(body: Sequence[ast.stmt]) -> list[Update]:
    """The weights that a body updates and reads elsewhere too, in the order in which it reads them."""
    own = _own(body)
    places = dict[str, tuple[int, int]]()
    for s in body:
        for part in ast.walk(s):
            if isinstance(part, ast.Name | ast.Attribute) and isinstance(part.ctx, ast.Load):
                text = ast.unparse(part)
                if text in own and (own[text] is not s or text in _used_in_step(s)):
                    places[text] = min(places.get(text, (10**9, 0)), (part.lineno, part.col_offset))
    held = [t for t in own if "." in t and t not in places]  # read by a method
    order = [*held, *sorted(places, key=lambda t: places[t])]
    return [Update(t, t.removeprefix("self.").strip("_").replace(".", "_")) for t in order]


def _own(body: Sequence[ast.stmt]) -> dict[str, ast.stmt]:
    """Each name that a body updates, with the statement; a name that it also binds in another way is no weight."""
    own, bound = dict[str, ast.stmt](), set[str]()
    for s in branches(body):
        match s:
            case ast.AugAssign(target=ast.Name() | ast.Attribute() as target, op=ast.Add() | ast.Sub()):
                own.setdefault(ast.unparse(target), s)
            case ast.Assign(targets=[ast.Name() | ast.Attribute() as target],
                            value=ast.BinOp(left=left, op=ast.Add() | ast.Sub())) if (
                ast.unparse(target) == _first(left)
            ):  # fmt: skip
                own.setdefault(ast.unparse(target), s)
            case ast.Assign(targets=targets):
                bound |= set(map(ast.unparse, targets))
    return {text: s for text, s in own.items() if text not in bound}


def _used_in_step(node: ast.stmt) -> list[str]:
    """The names that the step of an update reads: X, w and y in w = w - X.T @ (X @ w - y)."""
    assert isinstance(node, ast.Assign | ast.AugAssign)
    read = [ast.unparse(n) for n in ast.walk(node.value) if isinstance(n, ast.Name | ast.Attribute)]
    if isinstance(node, ast.Assign):
        read.remove(ast.unparse(node.targets[0]))
    return read


def common_factor(body: Sequence[ast.stmt], updates: Sequence[Update]) -> str:
    """The name that every update reads, such as a rate; empty if there is none, or several."""
    texts = {one.text for one in updates}
    steps = [set(_used_in_step(s)) - texts for text, s in _own(body).items() if text in texts]
    own = set.intersection(*steps) - assigned(body) if steps else set()
    return own.pop() if len(own) == 1 else ""


PRODUCTS = {
    "dot", "matmul", "mm", "einsum", "outer", "inner", "vdot", "tensordot", "T", "t", "transpose", "axis", "dim",
}  # fmt: skip
"""names in code with matrices"""


def only_numbers(body: Sequence[ast.stmt]) -> bool:
    """Whether a body has no products of matrices and no axes, as that of a polynomial in x."""
    parts = [n for s in body for n in ast.walk(s)]
    names = {n.attr for n in parts if isinstance(n, ast.Attribute)} | {n.id for n in parts if isinstance(n, ast.Name)}
    names |= {n.arg or "" for n in parts if isinstance(n, ast.keyword)}
    matrices = any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult) for n in parts)
    return not matrices and not names & PRODUCTS


def only_added(name: str, body: Sequence[ast.stmt]) -> bool:
    """Whether a body adds a weight, and multiplies nothing with it, as a bias."""
    parts = [n for s in body for n in ast.walk(s)]
    adds = any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add) and name in map(ast.unparse, (n.left, n.right))
               for n in parts)  # fmt: skip
    adds = adds or any(isinstance(n, ast.AugAssign) and ast.unparse(n.value) == name for n in parts)
    times = [n for n in parts if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult | ast.MatMult)]
    factors = {ast.unparse(one) for n in times for one in (n.left, n.right)}
    passed = {ast.unparse(one) for n in parts if isinstance(n, ast.Call) for one in n.args}
    return adds and name not in factors | passed


def _first(node: ast.expr) -> str:
    """The first operand of a sum: w in w - a + b."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        node = node.left
    return ast.unparse(node)


def branches(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a body, and those in the branches of its conditions: w -= ... in `if margin < 1:`."""
    found = list[ast.stmt]()
    for s in body:
        found += [s, *branches(s.body), *branches(s.orelse)] if isinstance(s, ast.If) else [s]
    return found


def retargeted(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The body with w = w - step instead of w -= step, which would change the argument itself."""
    found = list[ast.stmt]()
    for s in map(copy.deepcopy, body):
        if isinstance(s, ast.If):
            s.body, s.orelse = retargeted(s.body), retargeted(s.orelse)
        if isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Name | ast.Attribute):
            read = copy.deepcopy(s.target)
            read.ctx = ast.Load()
            s = ast.copy_location(ast.Assign([s.target], ast.BinOp(read, s.op, s.value)), s)
        found.append(s)
    return found
