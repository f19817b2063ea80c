"""Networks by hand as functions, recognised from names alone: a forward, a cost and a backward that belong together.

`forward_propagation(X, parameters)`, `compute_cost(A2, Y)` and `backward_propagation(parameters, cache, X, Y)`.
The names of their parameters show what each needs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.foreign.alone import BIAS, RATE, TARGET, Gradient, clips, is_weight, made_of
from mlp_core.testing.foreign.doors import wanted
from mlp_core.testing.foreign.variants import nearest
from mlp_core.testing.subjects.doors.names import constants_of
from mlp_core.testing.subjects.doors.parts import Parts
from mlp_core.testing.subjects.roles import role

LOOKS = "functions that run forward, give the cost, and run backward (forward_prop, compute_cost, backward_prop)"

FORWARD = re.compile(r"\w*(forward|feed_?fwd|fwd|predict|hypothesis)\w*", re.IGNORECASE)
BACKWARD = re.compile(r"\w*(backward|back_?prop|bwd|grad|derivative)\w*", re.IGNORECASE)
COST = re.compile(
    r"(?!\w*(deriv|grad|prime|delta|back))\w*(cost|loss|objective|cross_?entropy|error|likelihood|mse|nll)\w*|j",
    re.IGNORECASE,
)
LOSS = re.compile(r"\w*(cost|loss|objective|cross_?entropy|likelihood|(?<!r)mse|nll)\w*|j", re.IGNORECASE)
"""names of a cost that is no metric, such as an error rate"""

CACHE = re.compile(r"caches?|memory|activations?|store|stored|tape|intermediates?|saved|state|forward\w*|values?|outs?",
                   re.IGNORECASE)  # fmt: skip
HELD = re.compile(r"param(eter)?s?|weights?|theta|thetas|model|net|network|w", re.IGNORECASE)
OUTPUT = re.compile(r"a\d?|al|y_?hat|yhat|p|probs?|h|out(put)?s?|scores?|logits|pred\w*", re.IGNORECASE)
STRONG = re.compile(r"al|y_?hat|y_?pred\w*|pred\w*|probs?|out(put)?s?|scores?|logits", re.IGNORECASE)
"""names of the output of a network, and of no layer before it"""

STRENGTH = re.compile(r"(l2_?)?reg\w*|lam(b|bd|bda)?_?|lambd|l2|weight_decay|alpha", re.IGNORECASE)
"""names of the strength of a penalty"""

CALLED = re.compile(r"\w*(forward|fwd)\w*_?(func|function|fn|pass)|forward_f", re.IGNORECASE)
"""names of a parameter that takes the forward itself"""

LAYERS = ("W1", "b1", "W2", "b2")
"""the keys of a dict of parameters, if a loop makes them"""


def returned(node: ast.FunctionDef) -> list[ast.expr] | None:
    """The parts of the tuple that a function returns at its end; one part if it is no tuple."""
    last = node.body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return None
    return list(last.value.elts) if isinstance(last.value, ast.Tuple) else [last.value]


@dataclass(frozen=True)
class Weights:
    """The names of the parameters of a network, and the container they are passed in, if there is one."""

    names: tuple[str, ...]
    held: str = ""
    written: str = ""

    def lines(self) -> list[str]:
        return [f"    {self.held} = {self.written}"] if self.held else []


def weights_of(node: ast.FunctionDef) -> Weights | None:
    """The weights of a network, from the function that runs it forward; None if it has none."""
    names = wanted(node)
    for name in (n for n in names if HELD.fullmatch(n)):
        keys = _keys(node, name)
        if keys:
            return Weights(keys, name, "{" + ", ".join(f"{k!r}: {k}" for k in keys) + "}")
        several = _unpacked(node, name)
        if several:
            return Weights(several, name, f"[{', '.join(several)}]")
    flat = tuple(n for n in names if is_weight(n))
    return Weights(flat) if flat else None


def _keys(node: ast.FunctionDef, name: str) -> tuple[str, ...]:
    """The keys that a function reads of a dict, layer by layer, in the order of the source."""
    found = dict[str, tuple[int, int]]()
    for part in ast.walk(node):
        match part:
            case ast.Subscript(value=ast.Name(id=of), slice=ast.Constant(value=str(key))) if of == name:
                found.setdefault(key, (part.lineno, part.col_offset))
            case ast.Subscript(value=ast.Name(id=of), slice=ast.BinOp() | ast.JoinedStr()) if of == name:
                found.update({key: (0, k) for k, key in enumerate(LAYERS)})
    return tuple(sorted(filter(is_weight, found), key=lambda key: (re.sub(r"\D", "", key), found[key])))


def _unpacked(node: ast.FunctionDef, name: str) -> tuple[str, ...]:
    """The names into which a function takes a list apart."""
    for part in ast.walk(node):
        match part:
            case ast.Assign(targets=[ast.Tuple(elts=several)], value=ast.Name(id=of)) if of == name:
                names = [one.id for one in several if isinstance(one, ast.Name)]
                return tuple(names) if len(names) == len(several) and all(map(is_weight, names)) else ()
    return ()


@dataclass(frozen=True)
class Called:
    """A forward, the weights it takes, and names for its results."""

    node: ast.FunctionDef
    weights: Weights
    data: tuple[str, ...]
    outs: tuple[str, ...]
    output: str
    cache: str
    price: tuple[str, str] | None = None
    """the names of its target and of the cost, if it gives the cost too"""

    @property
    def arguments(self) -> tuple[str, ...]:
        return (*self.weights.names, *self.data)

    def line(self) -> str:
        return f"    {', '.join(self.outs)} = {self.node.name}({', '.join(wanted(self.node))})"

    def asks(self, name: str, target: str, *, cost: bool) -> str | None:
        """The expression passed for a parameter of a cost or of a backward; None if its name shows none."""
        if name in (*self.arguments, self.weights.held, *self.outs):
            return name
        if TARGET.fullmatch(name) or role(name) == "true":
            return target
        if RATE.fullmatch(name):
            return "1.0"
        if CALLED.fullmatch(name):
            return self.node.name
        constant = constants_of(name)
        if constant:
            return repr(constant[0])
        if self.output and (OUTPUT.fullmatch(name) or role(name) == "predicted" or cost):
            return self.output
        return self.cache if self.cache and CACHE.fullmatch(name) else None


def called(node: ast.FunctionDef) -> Called | None:
    weights, outs = weights_of(node), returned(node)
    if weights is None or outs is None:
        return None
    data = tuple(n for n in wanted(node) if n not in (*weights.names, weights.held))
    written = {one.id for one in outs if isinstance(one, ast.Name)}
    names = tuple(one.id if isinstance(one, ast.Name) else f"out{k}" for k, one in enumerate(outs))
    if not data or any(isinstance(one, ast.Starred) for one in outs):
        return None
    targets = [n for n in data if TARGET.fullmatch(n)]
    costs = [n for n, one in zip(names, outs, strict=True) if isinstance(one, ast.Name) and COST.fullmatch(n)]
    if targets and not len(targets) == len(costs) == 1:
        return None
    if targets:
        kept = [n for n in names if n not in costs]
        return Called(node, weights, data, names, "", kept[0] if len(kept) == 1 else "", (targets[0], costs[0]))
    dicts = [n for n, one in zip(names, outs, strict=True)
             if isinstance(one, ast.Dict | ast.List | ast.Tuple)
             or (CACHE.fullmatch(n) and not STRONG.fullmatch(n))]  # fmt: skip
    cache = dicts[0] if len(dicts) == 1 else names[0] if len(names) == 1 else ""
    likely = [n for n in names if n not in dicts]
    strong = [n for n in likely if STRONG.fullmatch(n) or n not in written]
    output = strong[0] if len(strong) == 1 else likely[-1] if likely else ""
    if not output and cache:
        keys = [k for k in _made_keys(node, cache) if re.fullmatch(r"a\d+|y_?hat|out(put)?", k, re.IGNORECASE)]
        output = f"{cache}[{max(keys)!r}]" if keys else ""
    return Called(node, weights, data, names, output, cache)


def _made_keys(node: ast.FunctionDef, name: str) -> list[str]:
    """The keys of a dict that a function makes and returns."""
    made = [n.value for n in ast.walk(node) if isinstance(n, ast.Assign | ast.Return) and isinstance(n.value, ast.Dict)]
    return [k.value for one in made for k in one.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]


def networks(file: Any) -> Iterator[Gradient]:
    """A forward and a backward, beside a cost if there is one."""
    functions = {node.name: node for node, _ in file.functions()}
    forwards = [one for node in functions.values() if FORWARD.fullmatch(node.name) and (one := called(node))]
    forwards.sort(key=lambda one: re.search("forward|fwd", one.node.name, re.IGNORECASE) is None)
    costs = [node for node in functions.values() if COST.fullmatch(node.name)]
    for node in functions.values():
        theirs = next((n for n in wanted(node) if TARGET.fullmatch(n) or role(n) == "true"), None)
        if not BACKWARD.fullmatch(node.name) or clips(node):
            continue
        for forward in nearest(node, forwards, lambda one: one.node.name):
            target = forward.price[0] if forward.price else theirs
            if target is None:
                continue
            passed = _passed(node, forward, target)
            gives = forward.output or forward.cache or forward.price
            if passed is None or forward.node is node or not gives or _adds_a_penalty(node, forward):
                continue
            fitting = [(c, p) for c in costs if c is not node and c is not forward.node
                       and (p := _passed(c, forward, target, cost=True))]  # fmt: skip
            near = [] if forward.price else nearest(node, fitting, lambda one: one[0].name, cost=True)
            cost = next(iter(near), None)
            if cost is not None or forward.output or forward.price:
                name, needs, parts = _network(node, passed, forward, target, cost)
                yield name, needs, made_of(parts, file)
                break


def _adds_a_penalty(node: ast.FunctionDef, forward: Called) -> bool:
    """Whether a backward takes the strength of a penalty, which is not in the cost that the forward gives."""
    return forward.price is not None and any(map(STRENGTH.fullmatch, set(wanted(node)) - set(wanted(forward.node))))


def _passed(node: ast.FunctionDef, forward: Called, target: str, *, cost: bool = False) -> list[str] | None:
    """The expressions passed to a function; None if the name of a parameter shows none."""
    found = [forward.asks(name, target, cost=cost) for name in wanted(node)]
    known = [one for one in found if one is not None]
    shown = target in known or (forward.price is not None and not cost)  # a cache may hold the target
    return known if known and len(known) == len(found) and shown else None


def _network(
    node: ast.FunctionDef, passed: list[str], forward: Called, target: str,
    cost: tuple[ast.FunctionDef, list[str]] | None,
) -> tuple[str, tuple[str, ...], Parts]:  # fmt: skip
    arguments = tuple(dict.fromkeys((*forward.arguments, target)))
    head, first = f"({', '.join(arguments)}):", [*forward.weights.lines(), forward.line()]
    names, order = forward.weights.names, order_of(returned(node) or [], forward.weights.names)
    gives = [f"    found = named({node.name}({', '.join(passed)}), {order!r}, {names!r})", *stepped(node, names)]
    lines = [f"def gives{head}", *first, *gives]
    if forward.output:
        lines += [f"def meets{head}", *first, f"    return {forward.output}, {target}"]
    if cost is not None:
        lines += [f"def value{head}", *first, f"    return {cost[0].name}({', '.join(cost[1])})"]
    if forward.price is not None:
        lines += [f"def value{head}", *first, f"    return {forward.price[1]}"]
    biases = frozenset(n for n in names if BIAS.fullmatch(n))
    text = "\n".join(lines)
    own = cost is not None or forward.price is not None
    parts = Parts(node.name, text, arguments, names, target, biases, rate_of(arguments), own=own)
    needs = (node.name, forward.node.name, *([cost[0].name] if cost is not None else []))
    return node.name, needs, parts


def rate_of(arguments: tuple[str, ...]) -> str:
    return next((n for n in arguments if RATE.fullmatch(n)), "1.0")


def stepped(node: ast.FunctionDef, weights: tuple[str, ...]) -> list[str]:
    """The line that returns the gradients out of `found`: a function that returns weights has taken a step of 1."""
    names = [one.id for one in returned(node) or [] if isinstance(one, ast.Name)]
    moved = f"[w - new for w, new in zip([{', '.join(weights)}], found)]"
    return [f"    return {moved if sorted(names) == sorted(weights) else 'found'}"]


def order_of(outs: list[ast.expr], weights: tuple[str, ...]) -> list[str]:
    """The weights in the order of their gradients, by the names of these."""
    names = [one.id.lower() if isinstance(one, ast.Name) else "" for one in outs]
    called = [next((w for w in weights if n.endswith(w.lower())), None) for n in names]
    known = [w for w in called if w is not None]
    return known if len(known) == len(weights) == len(set(known)) == len(names) else list(weights)
