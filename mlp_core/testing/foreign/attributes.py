"""The attributes that the constructor of a class sets: its weights, and what they are made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mlp_core.testing.foreign.alone import MATRIX, is_weight
from mlp_core.testing.foreign.doors import wanted

SEVERAL = re.compile(r"weights|biases|ws|bs|w|b|thetas?", re.IGNORECASE)
"""names of a list with one array per layer"""

HELD = re.compile(r"_?(param(eter)?s?|weights?|theta|model)", re.IGNORECASE)
"""names of a dict of arrays"""


def taken(method: ast.FunctionDef) -> list[str]:
    """The parameters that a method must be given, the object aside."""
    return wanted(method)[1:]


def constructing(methods: dict[str, ast.FunctionDef]) -> ast.FunctionDef:
    """The constructor, with the statements of the methods that it calls, such as self.initialize_weights()."""
    init = methods["__init__"]
    called = {ast.unparse(part.func).removeprefix("self.") for part in ast.walk(init) if isinstance(part, ast.Call)}
    more = [s for name, method in methods.items() if name in called and name != "__init__" for s in method.body]
    return ast.FunctionDef(init.name, init.args, [*init.body, *more], [], lineno=init.lineno) if more else init


def attributes(init: ast.FunctionDef) -> list[str]:
    """Attributes that a constructor sets, in their order."""
    places = [t for s in ast.walk(init) if isinstance(s, ast.Assign | ast.AnnAssign)
              for t in (s.targets if isinstance(s, ast.Assign) else [s.target])]  # fmt: skip
    flat = [one for t in places for one in (t.elts if isinstance(t, ast.Tuple) else [t])]
    named = [t for t in flat if isinstance(t, ast.Attribute) and isinstance(t.value, ast.Name) and t.value.id == "self"]
    return list(dict.fromkeys(t.attr for t in sorted(named, key=lambda t: (t.lineno, t.col_offset))))


def weights_of(init: ast.FunctionDef) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The weights of a class, as names and as attributes: single arrays, or lists for two layers."""
    names = attributes(init)
    lists = [n for n in names if SEVERAL.fullmatch(n) and _is_list(init, n)]
    if lists:
        pairs = [(f"{n}_{k}", f"{n}[{k}]") for k in range(2) for n in lists]
        return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
    made = [n for n in names if is_weight(n) and _is_array(init, n) and not _is_state(init, n)]
    if not any(map(MATRIX.fullmatch, made)):
        for name in filter(HELD.fullmatch, names):
            keys = _keys(init, name)
            if keys:
                return keys, tuple(f"{name}[{key!r}]" for key in keys)
    return tuple(made), tuple(made)


def _keys(init: ast.FunctionDef, name: str) -> tuple[str, ...]:
    """The keys of a dict of weights in an attribute: self.params = {"W1": ...}, or self.params["W1"] = ..."""
    made = [k for v in values(init, name) if isinstance(v, ast.Dict) for k in v.keys]
    stores = [t for s in ast.walk(init) if isinstance(s, ast.Assign) for t in s.targets]
    made += [t.slice for t in stores if isinstance(t, ast.Subscript) and ast.unparse(t.value) == f"self.{name}"]
    found = [k.value if isinstance(k, ast.Constant) and isinstance(k.value, str) else "" for k in made]
    plain = all(map(is_weight, found)) and any(map(MATRIX.fullmatch, found))
    return tuple(dict.fromkeys(found)) if plain else ()


def _is_state(init: ast.FunctionDef, name: str) -> bool:
    """Whether an attribute is made with the shape of another one, as a velocity is: self.vW = np.zeros_like(self.W)."""
    code = [ast.unparse(v) for v in values(init, name)]
    return any(re.fullmatch(r"(\w+\.)?(zeros|ones|full|empty)(_like)?\(self\.\w+(\.shape)?\)", one) for one in code)


def weights_in(init: ast.FunctionDef) -> tuple[str, ...]:
    """The attributes that are single arrays of weights, if a constructor makes no lists of them."""
    names, places = weights_of(init)
    return places if names == places else ()


def arrays_in(init: ast.FunctionDef) -> tuple[str, ...]:
    """The attributes that a constructor makes by a call, of any name."""
    return tuple(n for n in attributes(init) if _is_array(init, n) and not _is_list(init, n))


def values(init: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    """The expressions assigned to an attribute."""
    for s in (s for s in ast.walk(init) if isinstance(s, ast.Assign)):
        for target in s.targets:
            match target, s.value:
                case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
                    yield from (v for t, v in zip(targets, values, strict=True) if ast.unparse(t) == f"self.{name}")
                case _ if ast.unparse(target) == f"self.{name}":
                    yield s.value


def _is_list(init: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(v, ast.List | ast.ListComp) for v in values(init, name))


def _is_array(init: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(n, ast.Call) for v in values(init, name) for n in ast.walk(v))
