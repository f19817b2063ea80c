"""The names that a top-level statement binds, and the names whose values it changes in part."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

COMPOUND = ast.If | ast.Try | ast.TryStar | ast.With | ast.AsyncWith | ast.For | ast.AsyncFor | ast.While | ast.Match
"""statements that run as a whole if a name they bind is needed: a choice of device, an import that may fail, an open
file"""

OPTIONS = frozenset({"add_argument", "set_defaults"})
"""methods that give a parser of argparse its options"""

MUTATORS = frozenset({
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove",
    "reverse", "setdefault", "sort", "update",
})  # fmt: skip
"""methods of lists, dicts and sets that change the object"""

REGISTERS = frozenset({
    "defjvp", "defjvps", "defvjp", "register", "register_autograd", "register_fake", "register_kernel", "register_vmap",
})  # fmt: skip
"""methods of functions of jax, torch.library and functools that give them a rule"""

CHANGES = MUTATORS | REGISTERS | OPTIONS


def certainly(node: ast.stmt, name: str) -> bool:
    """Whether a statement that binds a name binds it on every path; an `if` without else and a loop may not.

    >>> [certainly(ast.parse(s).body[0], "k") for s in ("k = 1", "if x: k = 1", "for x in y: k = 1")]
    [True, False, False]
    """
    match node:
        case ast.If():
            return all(any(name in bound(s) and certainly(s, name) for s in b) for b in (node.body, node.orelse))
        case ast.For() | ast.AsyncFor() | ast.While() | ast.Match():
            return name in _walrus(node)
    return True


def sets(node: ast.stmt) -> Iterator[str]:
    """The names that the functions of a statement declare global."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Global):
            yield from inner.names


def bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds at the top level, if it is one that may be run."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield from [] if patched(node) else [node.name]
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.Assign():
            for target in node.targets:
                yield from _names(target)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name
        case ast.For() | ast.AsyncFor():
            yield from _names(node.target)
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                yield from _names(item.optional_vars) if item.optional_vars is not None else ()
        case ast.Match():
            for part in ast.walk(node):
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name is not None:
                    yield part.name
                elif isinstance(part, ast.MatchMapping) and part.rest is not None:
                    yield part.rest
    yield from _walrus(node)
    if isinstance(node, COMPOUND):
        for inner in _inside(node):
            yield from bound(inner)


def _walrus(node: ast.AST) -> Iterator[str]:
    """The names that := binds in a statement, without those in functions that it defines."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.NamedExpr):
            yield from _names(child.target)
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.stmt):
            yield from _walrus(child)


def _inside(node: COMPOUND) -> Iterable[ast.stmt]:
    """The statements in the blocks of a statement."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _names(element)
    elif isinstance(target, ast.Starred):
        yield from _names(target.value)


def changed(node: ast.stmt) -> Iterator[str]:
    """The names that a statement changes: x in x += 1, x[k] = 1, x.k = 1, x.append(1), x.defvjp(f, g), and in a
    function below @x.register_fake.
    """
    targets: list[ast.expr] = []
    if (owner := patched(node)) is not None:
        yield owner
    match node:
        case ast.AugAssign() | ast.AnnAssign(value=ast.expr()):
            targets.append(node.target)
        case ast.Assign() | ast.Delete():
            targets += node.targets
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=container, attr=name))) if name in CHANGES:
            yield from _root(container)
        case ast.FunctionDef():
            yield from registered(node)
    for target in targets:
        for name in _root(target):
            if not isinstance(target, ast.Name) or isinstance(node, ast.AugAssign):
                yield name
    if isinstance(node, COMPOUND):
        for inner in _inside(node):
            yield from changed(inner)


def registered(node: ast.FunctionDef) -> list[str]:
    """The functions that get a rule by a function below @x.register_fake or @x.register(int)."""
    makers = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
    found = (one for one in makers if isinstance(one, ast.Attribute) and one.attr in REGISTERS)
    return [name for one in found for name in _root(one.value)]


def makes_operator(node: ast.FunctionDef) -> bool:
    """Whether a function becomes a custom operator of torch.library, below @torch.library.custom_op(...)."""
    makers = (one.func for one in node.decorator_list if isinstance(one, ast.Call))
    return any(ast.unparse(one).rpartition(".")[2] in ("custom_op", "triton_op") for one in makers)


def _root(target: ast.expr) -> Iterator[str]:
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    if isinstance(target, ast.Name):
        yield target.id


def patched(node: ast.stmt) -> str | None:
    """The class to which fastcore's @patch adds a function as a method."""
    match node:
        case ast.FunctionDef(
            decorator_list=[*_, ast.Name(id="patch") | ast.Attribute(attr="patch")],
            args=ast.arguments(args=[ast.arg(annotation=ast.Name(id=name)), *_]),
        ):
            return name
    return None
