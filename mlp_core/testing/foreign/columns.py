"""Whether a file shows that its samples have one number each as target: a vector, or one column. Nothing of it runs.

`np.array([[0], [1], [1], [0]])`, `y = 2 * x + 1`, `NeuralNetwork([2, 4, 1])` and a docstring with "(n, 1)" show it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from mlp_core.testing.foreign.sizes import Sizes, size_of

TARGETS = re.compile(r"(ys?|t|targets?|labels?|y_?true)(_?(train|test|val|data|batch|np))?", re.IGNORECASE)
"""names of a target"""

WEIGHTS = re.compile(r"w_?(\d|out|o|output|hy|ho)?|weights?_?(\d|out|output|hidden_output)?|theta", re.IGNORECASE)
"""names of weights"""

NOT_LAYERS = {
    "array", "asarray", "zeros", "ones", "empty", "full", "reshape", "view", "range", "randint", "arange",
    "linspace", "randn", "rand", "normal", "uniform", "seed", "tensor", "random", "subplot", "subplots", "figure",
    "figsize", "print", "sum", "mean", "round", "default_rng", "choice", "shape", "eye", "tile", "repeat",
}  # fmt: skip
"""calls whose whole numbers are no widths of layers"""

SAID = {
    "several": r"\(\s*\w+\s*,\s*(?!1\s*\))\w+\s*\)|matri(x|ces)|\b2-?d\b|one-?hot",
    "column": r"\(\s*\w+\s*,\s*1\s*\)|column vector",
    "vector": r"\(\s*\w+\s*,\s*\)|\b1-?d\b|\bvectors?\b|one[- ]dimensional",
}
"""words of a docstring about the shape of its arguments"""


def shown(nodes: Sequence[ast.stmt], definitions: Sequence[str]) -> str:
    """"vector" or "column"; empty if nothing in the file shows it, or if something shows several columns. definitions:
    the names of the judged functions and classes. Their docstrings are read too.
    """
    kinds = [*_targets(nodes), *_widths(nodes), *_documented(nodes, definitions)]
    if not kinds or "several" in kinds:
        return ""
    return "column" if "column" in kinds else "vector"


def _kind(shape: tuple[int | None, ...]) -> str:
    """The kind of target that a shape shows; empty for a size that is unknown, because it may be 1."""
    if len(shape) == 1:
        return "vector"
    if len(shape) != 2:
        return "several" if shape else ""
    return "column" if shape[1] == 1 else "several" if shape[1] is not None else ""


def _targets(nodes: Sequence[ast.stmt]) -> Iterator[str]:
    """The kinds that assignments to targets show. The last one of a name counts: `y = y.reshape(-1, 1)`."""
    sizes: Sizes = {}
    found = dict[str, str]()
    for name, value in _assignments(nodes):
        shape = size_of(value, sizes)
        sizes[name] = shape
        if shape is not None and TARGETS.fullmatch(name) and (kind := _kind(shape)):
            found[name] = kind
    yield from found.values()


def _assignments(nodes: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Each name of a file with the value that it gets, in the order of the source; functions are left out."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
                yield from ((n.id, v) for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name))
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(), ast.Name(id=name)])], value=ast.Call() as value):
                yield name, value  # X, y = make_regression(...)
            case ast.If() | ast.For() | ast.With() | ast.While() | ast.Try():
                yield from _assignments([*node.body, *getattr(node, "orelse", [])])


def _widths(nodes: Sequence[ast.stmt]) -> Iterator[str]:
    """The kind that the width of the last layer shows. Layers made in functions and classes do not count."""
    last = dict[str, str]()
    for node in (n for n in nodes if not isinstance(n, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)):
        for part in ast.walk(node):
            match part:
                case ast.Call(func=func, args=args) if ast.unparse(func).rpartition(".")[2] not in NOT_LAYERS:
                    many = _whole_numbers(args) or next((n for one in args if (n := _listed(one))), [])
                    last |= {"layer": _kind((None, many[-1]))} if len(many) > 1 else {}
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if WEIGHTS.fullmatch(name):
                    shape = size_of(value, {})
                    if shape is not None and shape[:1] != (1,):  # (1, k) may be the weight of one output
                        last["weight"] = _kind(shape)
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if re.search("size|layers|dims", name):
                    many = _listed(value)
                    last |= {"layer": _kind((None, many[-1]))} if len(many) > 1 else {}
    yield from filter(None, last.values())


def _whole_numbers(args: Sequence[ast.expr]) -> list[int]:
    """The whole numbers with which a sequence of expressions begins."""
    found = list[int]()
    for one in args:
        if not isinstance(one, ast.Constant) or type(one.value) is not int:
            break
        found.append(one.value)
    return found


def _listed(node: ast.expr) -> list[int]:
    """The numbers of a list of whole numbers; of another expression, none."""
    if not isinstance(node, ast.List | ast.Tuple):
        return []
    numbers = _whole_numbers(node.elts)
    return numbers if len(numbers) == len(node.elts) else []


def _documented(nodes: Sequence[ast.stmt], definitions: Sequence[str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in definitions:
            inner = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
            text = " ".join(ast.get_docstring(one) or "" for one in inner)
            yield from (kind for kind, form in SAID.items() if re.search(form, text, re.IGNORECASE))
