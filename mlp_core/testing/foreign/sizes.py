"""The shapes of arrays, read from the expressions that make them: np.array([[0], [1]]) is (2, 1). Nothing runs."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

Size = tuple[int | None, ...] | None
"""sizes of axes, None for one that is not known; None for a shape that is not known"""

Sizes = dict[str, Size]

LIBRARIES = {"np", "numpy", "torch", "jnp"}
MADE = {"array", "asarray", "tensor", "Tensor", "FloatTensor", "as_tensor", "array_like", "matrix"}
FILLED = {"zeros", "ones", "empty", "full", "random_sample"}
DRAWN = {"randn", "rand"}
SIZED = {
    "normal", "uniform", "standard_normal", "choice", "randint", "integers", "binomial", "exponential", "poisson",
    "random",
}  # fmt: skip
COUNTED = {"linspace", "arange", "logspace"}
FLAT = {"ravel", "flatten", "flat"}
ROWS = {"make_regression", "make_classification", "make_moons", "make_circles", "make_blobs"}
"""functions of scikit-learn that return data, and a vector with one number per row"""
ALIKE = {
    "astype", "float", "double", "copy", "clip", "exp", "log", "sin", "cos", "tanh", "abs", "sqrt", "square",
    "power", "sigmoid", "maximum", "minimum", "round", "sign", "where", "to", "clone", "detach", "requires_grad_",
    "zeros_like", "ones_like", "randn_like",
}  # fmt: skip
"""functions of each entry, whose result has the shape of the first argument"""


def size_of(node: ast.expr, known: Mapping[str, Size]) -> Size:
    """The shape of an expression; known: those of names.

    >>> size_of(ast.parse("np.array([[0], [1]])", mode="eval").body, {})
    (2, 1)
    """
    match node:
        case ast.Constant(value=int() | float()):
            return ()
        case ast.Name(id=name):
            return known.get(name)
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            return _nested(elts, known)
        case ast.UnaryOp(operand=inner):
            return size_of(inner, known)
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return _product(size_of(left, known), size_of(right, known))
        case ast.BinOp(left=left, right=right):
            return _together([size_of(left, known), size_of(right, known)])
        case ast.Compare(left=left, comparators=others):
            return _together([size_of(one, known) for one in (left, *others)])
        case ast.Attribute(value=inner, attr="T"):
            shape = size_of(inner, known)
            return None if shape is None else shape[::-1]
        case ast.Attribute(attr="target"):
            return (None,)  # of a data set of scikit-learn
        case ast.Attribute(value=inner, attr="values"):
            return size_of(inner, known)
        case ast.Subscript(value=inner, slice=index):
            return _part(inner, index, known)
        case ast.Call():
            return _called(node, known)
    return None


def _nested(elts: Sequence[ast.expr], known: Mapping[str, Size]) -> Size:
    inner = [size_of(one, known) for one in elts]
    return (len(elts), *inner[0]) if inner and inner[0] is not None and all(i == inner[0] for i in inner) else None


def _together(shapes: Sequence[Size]) -> Size:
    """The shape of a sum of arrays."""
    sure = [s for s in shapes if s is not None]
    if len(sure) < len(shapes):
        return None
    count = max(map(len, sure))
    filled = [(1,) * (count - len(s)) + s for s in sure]
    return tuple(next((n for n in axis if n != 1), 1) for axis in zip(*filled, strict=True))


def _product(left: Size, right: Size) -> Size:
    if left is None or right is None or not left or not right:
        return None
    return (*left[:-1], *right[1:]) if len(right) < 3 else None


def _part(inner: ast.expr, index: ast.expr, known: Mapping[str, Size]) -> Size:
    """The shape of x[:, None], of x[:, k], of eye(k)[labels] and of a column of a table, data["price"]."""
    if isinstance(index, ast.Constant) and isinstance(index.value, str):
        return (None,)
    if isinstance(index, ast.List):
        return (None, len(index.elts)) if all(isinstance(e, ast.Constant) for e in index.elts) else None
    shape = size_of(inner, known)
    several = index.elts if isinstance(index, ast.Tuple) else [index]
    if shape is None and [isinstance(one, ast.Slice) for one in several] == [True, False]:
        new, alone = _is_new(several[1]), isinstance(several[1], ast.Constant | ast.UnaryOp)
        return (None, 1) if new else (None,) if alone else None
    if shape is None:
        return None
    left, found = list(shape), list[int | None]()
    for one in several:
        if _is_new(one):
            found.append(1)
        elif not left:
            return None
        elif isinstance(one, ast.Slice):
            size = left.pop(0)
            found.append(size if one.lower is one.upper is None else None)
        else:
            by = size_of(one, known)
            if by is None:
                return None
            left.pop(0)
            found += by
    return (*found, *left)


def _is_new(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or ast.unparse(node).endswith("newaxis")


def _numbers(args: Sequence[ast.expr]) -> Size:
    """The sizes that are given: (4, 1), or 4, 1; one that is no number is not known."""
    if len(args) == 1 and isinstance(args[0], ast.Tuple | ast.List):
        args = args[0].elts
    return tuple(a.value if isinstance(a, ast.Constant) and type(a.value) is int else None for a in args)


def _called(node: ast.Call, known: Mapping[str, Size]) -> Size:
    name = ast.unparse(node.func).rpartition(".")[2]
    size = next((k.value for k in node.keywords if k.arg in ("size", "shape")), None)
    own = [node.func.value] if isinstance(node.func, ast.Attribute) else []
    if own and isinstance(own[0], ast.Name) and own[0].id in LIBRARIES:
        own = []
    if size is not None:
        return _numbers([size])
    if name in MADE and node.args:
        return size_of(node.args[0], known)
    if name in FILLED and node.args:
        return _numbers(node.args[:1])
    if name in DRAWN:
        return _numbers(node.args)
    if name in SIZED:
        return _numbers(node.args[-1:]) if node.args and isinstance(node.args[-1], ast.Tuple) else None
    if name in COUNTED | ROWS | FLAT:
        return (None,)
    if name in ("reshape", "view"):
        return _numbers(node.args if own else node.args[1:])
    if name == "unsqueeze" and own and (shape := size_of(own[0], known)) is not None:
        return (*shape, 1) if ast.unparse(node.args[0]) in ("1", "-1") and len(shape) == 1 else None
    if name in ("eye", "identity"):
        return _numbers(node.args[:1] * 2)
    if name in ("dot", "matmul", "mm") and len([*own, *node.args]) == 2:
        left, right = (size_of(one, known) for one in [*own, *node.args])
        return _product(left, right)
    return size_of([*own, *node.args][0], known) if name in ALIKE and (own or node.args) else None
