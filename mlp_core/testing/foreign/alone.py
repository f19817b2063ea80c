"""Finds gradients without a loss in a file, by their heads and by the place where the target meets the prediction.

In `delta = p - y`, `2 * (x @ w - y)` or `p[range(n), y] -= 1`, the code before that place is the function's own
forward.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.meetings import Meeting, meeting, statements
from mlp_core.testing.subjects.doors.parts import Parts
from mlp_core.testing.subjects.roles import role

LOOKS = "a hand-written gradient that combines target and prediction (delta = p - y)"

LAYER = r"_?(\w{0,2}|_(in|out|inp|input|output|hid|hidden|emb|embed|embedding)\d?)"
MATRIX = re.compile(rf"(w|theta|weights?|u|v){LAYER}", re.IGNORECASE)
BIAS = re.compile(rf"(b|bias(es)?|intercept){LAYER}", re.IGNORECASE)
RATE = re.compile(r"(rate|lr|learning_?rate|eta|alpha|step_?size)", re.IGNORECASE)
TARGET = re.compile(r"([ytl]|target|label|y_?true|truth)s?|\w+_(label|target)s?", re.IGNORECASE)
GRADIENT = re.compile(r"(?:d|d_|grad_|g_|dl_d|delta_|nabla_)(\w+)|(\w+)_(?:grad|gradient|delta)", re.IGNORECASE)

BEGINS = re.compile(r"^(training|train)_((set|data)_)?")
ENDS = re.compile(r"(_?(train|test|all|batch|set|np)|_)$")
"""words of a name that only say which samples it holds"""

Gradient = tuple[str, tuple[str, ...], Any]


def is_weight(name: str) -> bool:
    return (MATRIX.fullmatch(name) or BIAS.fullmatch(name)) is not None


def stem(name: str) -> str:
    """A name without the words that only say which samples it holds: X_train, training_set_inputs."""
    return ENDS.sub("", BEGINS.sub("", name)) or name


def gradients(file: Any) -> Iterator[Gradient]:
    """For each gradient: the name, the definitions it needs, and a function that makes the subject."""
    functions = {node.name: node for node, _ in file.functions()}
    for node in functions.values():
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        required = names[: len(names) - len(node.args.defaults)]
        if not any(map(is_weight, required)) or not any(map(TARGET.fullmatch, required)):
            continue
        if clips(node):
            continue  # a clipped gradient is not the gradient of a loss
        met = meeting(node, next(n for n in required if TARGET.fullmatch(n)))
        if met is None:
            continue
        moved = [n for n in required if is_weight(n) and n in _moved(node)]
        if not (moved or _gives(node)):
            continue
        yield from _parts(file, functions, node, required, met, moved)


CLIPS = frozenset({"clip", "clip_", "clamp", "clamp_", "minimum", "maximum", "clip_grad_norm_", "clip_grad_value_"})


def clips(node: ast.FunctionDef) -> bool:
    """Whether the code clips something that is called a gradient: np.clip(dW, -5, 5), dW.clamp_(-5, 5)."""
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        match call.func:
            case ast.Attribute(value=of, attr=name):
                first = [of, *call.args[:1]]
            case ast.Name(id=name):
                first = call.args[:1]
            case _:
                continue
        if name in CLIPS and any(isinstance(one, ast.Name) and GRADIENT.fullmatch(one.id) for one in first):
            return True
    return False


def _parts(
    file: Any, functions: dict[str, ast.FunctionDef], node: ast.FunctionDef, required: list[str], met: Meeting,
    moved: list[str],
) -> Iterator[Gradient]:  # fmt: skip
    target = next(n for n in required if TARGET.fullmatch(n))
    own = next((f for f in functions.values() if f is not node and _fills(f, required, target)), None)
    arguments = required if own is None else [*positional(own), target]
    first = (
        [] if own is None else [f"    {', '.join(_of(own, required, target))} = {own.name}({_all(positional(own))})"]
    )
    first += [f"    {name} = 1.0" for name in required if RATE.fullmatch(name) and name not in arguments]
    weights = [n for n in arguments if is_weight(n)]
    rest = [n for n in arguments if n not in weights and n != target and not RATE.fullmatch(n)]
    if not weights or any(role(n) == "predicted" for n in rest):
        return
    head, tail = f"({', '.join(arguments)}):", f"{node.name}({', '.join(required)})"
    rate = next((n for n in arguments if RATE.fullmatch(n)), "1.0")
    named = [one.id for one in _returned(node) if isinstance(one, ast.Name)]
    stepped = named if named and set(named) <= set(weights) and len(named) == len(_returned(node)) else []
    if moved:
        many = f"{_all(moved)}{',' * (len(moved) == 1)}"
        body = [f"    before = {many}", f"    {many} = copy.deepcopy(before)", f"    {tail}",
                f"    return [(b - a) / {rate} for b, a in zip(before, ({many}))]"]  # fmt: skip
    elif stepped:
        body = [f"    found = {tail}", f"    return [(b - a) / {rate} for b, a in zip([{_all(stepped)}], found)]"]
    else:
        body = [f"    return {tail}"]
    text = "\n".join([
        "import copy", f"def gives{head}", *first, *body, f"def meets{head}", *first, *_defaults(node),
        *(f"    {line}" for line in met.prefix.splitlines()), f"    return {met.prediction}, {met.target}",
    ])  # fmt: skip
    wrt = moved or stepped or _order(node, weights)
    if not moved and len(wrt) != len(_returned(node)):
        return
    biases, step = frozenset(n for n in weights if BIAS.fullmatch(n)), bool(moved or stepped)
    parts = Parts(node.name, text, tuple(arguments), tuple(wrt), target, biases, rate, step=step, margin=met.margin)
    needs = (node.name,) if own is None else (node.name, own.name)
    yield node.name, needs, made_of(parts, file)


of_parts = later("mlp_core.testing.subjects.doors.alone", "of_parts")


def made_of(parts: Parts, file: Any = None) -> Callable[..., Any]:
    """A function that makes the subject, of the loaded definitions and the batch sizes. file: that of the definitions,
    if it may count classes by the labels.
    """
    parts = replace(parts, counts=file is not None and counts_classes(file.nodes))
    return lambda *things: of_parts(parts, things[:-1])


COUNTED = re.compile(r"\bmax\(\w*\) \+ 1|\bunique\(\w+\)|\blen\(set\(\w+\)\)")
"""code that counts classes by the labels: y.max() + 1, np.max(y) + 1, np.unique(y), len(set(y))"""


def counts_classes(nodes: Sequence[ast.stmt]) -> bool:
    """Whether a function or a class of a file does that."""
    return any(isinstance(n, ast.FunctionDef | ast.ClassDef) and COUNTED.search(ast.unparse(n)) for n in nodes)


def positional(node: ast.FunctionDef) -> list[str]:
    return [a.arg for a in node.args.args]


def _defaults(node: ast.FunctionDef) -> list[str]:
    """Lines that assign the defaults of the other parameters."""
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    given = zip(names[len(names) - len(node.args.defaults) :], node.args.defaults, strict=True)
    return [f"    {name} = {ast.unparse(value)}" for name, value in given]


def _all(names: list[str]) -> str:
    return ", ".join(names)


def _fills(forward: ast.FunctionDef, required: list[str], target: str) -> bool:
    """Whether a function returns what a backward takes in addition to the arguments."""
    takes, gives = positional(forward), [n.value for n in ast.walk(forward) if isinstance(n, ast.Return)]
    if len(gives) != 1 or target in takes or not any(map(is_weight, takes)) or forward.args.defaults:
        return False
    left = _of(forward, required, target)
    count = len(gives[0].elts) if isinstance(gives[0], ast.Tuple) else 1
    return bool(left) and len(left) == count and set(required) & set(takes) != set()


def _of(forward: ast.FunctionDef, required: list[str], target: str) -> list[str]:
    return [n for n in required if n not in positional(forward) and n != target]


def _moved(node: ast.FunctionDef) -> set[str]:
    """The parameters that are updated in place."""
    return {
        s.target.id for s in statements(node)
        if isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Name) and isinstance(s.op, ast.Add | ast.Sub)
    }  # fmt: skip


def _returned(node: ast.FunctionDef) -> list[ast.expr]:
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    if len(found) != 1 or found[0] is None:
        return []
    return list(found[0].elts) if isinstance(found[0], ast.Tuple | ast.List) else [found[0]]


def _gives(node: ast.FunctionDef) -> bool:
    """Whether the returned values are called gradients, or the function itself is."""
    found = _returned(node)
    named = re.search(r"back|grad|deriv", node.name, re.IGNORECASE) is not None
    plain = [GRADIENT.fullmatch(e.id) is not None for e in found if isinstance(e, ast.Name)]
    alike = all(plain) or not any(plain)  # a value together with gradients is another form
    return bool(found) and alike and (named or len(found) > 1) and not any(isinstance(e, ast.Constant) for e in found)


def _order(node: ast.FunctionDef, weights: list[str]) -> list[str]:
    """Which parameters the returned gradients belong to: by their names, or in the order of the parameters."""
    called = []
    for one in _returned(node):
        names = [n.id for n in ast.walk(one) if isinstance(n, ast.Name)]
        whose = [m[1] or m[2] for n in names if (m := GRADIENT.fullmatch(n))]
        called.append(next((w for w in weights for n in whose if w.lower() == n.lower()), None))
    if len(set(called)) == len(called) and None not in called:
        return [name for name in called if name is not None]
    return weights[: len(called)]
