"""Where a name in a file comes from, traced through imports and assignments. Nothing of the file runs."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from typing import Any

from mlp_core.base.errors import ArgumentError

LIKE = {
    "ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "Muon", "NAdam", "Optimizer",
    "RAdam", "RMSprop", "Rprop", "SGD", "SparseAdam", "UpdateRule",
}  # fmt: skip
"""names that a base class may have if its module is not imported here"""


USUAL = {
    "torch": "torch", "optim": "torch.optim", "Optimizer": "torch.optim.Optimizer", "rules": "mlp_core.rules",
    "UpdateRule": "mlp_core.rules.UpdateRule", "subjects": "mlp_core.testing.subjects",
}  # fmt: skip
"""modules that a file often uses by these names without an import"""


class Origins:
    """The top level of a file, by name: the last binding of each."""

    def __init__(self, nodes: list[ast.stmt]) -> None:
        self.bound: dict[str, tuple[str, Any]] = {}
        self.stars: list[str] = []
        """modules imported with a star"""
        for node in nodes:
            self._bind(node)

    def _bind(self, node: ast.stmt) -> None:
        match node:
            case ast.Import():
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    self.bound[alias.asname or first] = ("module", alias.name if alias.asname else first)
            case ast.ImportFrom():
                module = "." * node.level + (node.module or "")
                self.stars += [module] if node.names[0].name == "*" else []
                for alias in node.names:
                    self.bound[alias.asname or alias.name] = ("module", f"{module}.{alias.name}")
            case ast.Assign(targets=[ast.Name(id=name)]):
                self.bound[name] = ("value", node.value)
            case ast.ClassDef():
                self.bound[node.name] = ("class", node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.bound[node.name] = ("own", node.name)
            case ast.If() | ast.Try():
                inner = [*node.body, *node.orelse]
                inner += [s for h in node.handlers for s in h.body] if isinstance(node, ast.Try) else []
                for one in reversed(inner):  # the branch tried first is the intended one
                    self._bind(one)

    def dotted(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> str:
        """`optim.Adam` as "torch.optim.Adam", by the imports of the file; "" if it is not a name in a module."""
        match node:
            case ast.Attribute():
                outer = self.dotted(node.value, seen)
                return f"{outer}.{node.attr}" if outer else ""
            case ast.Name(id=name) if name not in seen:
                what: Any
                kind, what = self.bound.get(name) or self._unbound(name)
                if kind == "module":
                    return str(what)
                return self.dotted(what, seen | {name}) if kind == "value" else ""
        return ""

    def base(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> type | str | None:
        """The base of a class: torch.optim.Optimizer, UpdateRule, None for another, or a name that is only known after
        the import.
        """
        match node:
            case ast.Call(args=[ast.Constant(value=name), *_]) if self._is_get(node.func):
                return _known(name)
            case ast.Subscript():
                return self.base(node.value, seen)
            case ast.Name(id=name) if name not in seen:
                kind, what = self.bound.get(name, ("", None))
                if kind == "value":
                    return self.base(what, seen | {name})
                if kind == "class":
                    return self.kind(what, seen | {name})
        return _imported(self.dotted(node, seen))

    def kind(self, node: ast.ClassDef, seen: frozenset[str] = frozenset()) -> type | str | None:
        """The same for a class of the file, through any of its bases."""
        found = [self.base(base, seen | {node.name}) for base in node.bases]
        sure = [one for one in found if isinstance(one, type)]
        return next(iter(sure), next((one for one in found if one), None))

    def _unbound(self, name: str) -> tuple[str, str]:
        """A name that a star import brings, or that is used without an import."""
        starred = [f"{module}.{name}" for module in self.stars if _imported(f"{module}.{name}")]
        return ("module", (starred or [USUAL.get(name, "")])[0])

    def _is_get(self, node: ast.expr) -> bool:
        return self.dotted(node) == "mlp_core.rules.get"


def _known(name: object) -> type | None:
    from mlp_core import rules

    try:
        return rules.UpdateRule if isinstance(name, str) and rules.get(name) else None
    except ArgumentError:
        return None


def _imported(dotted: str) -> type | str | None:
    """A class of torch or of this project, looked up. For any other module, the name, if such a class has it."""
    module, _, name = dotted.rpartition(".")
    if module.split(".")[0] not in ("torch", "mlp_core"):
        return dotted if module and name in LIKE else None
    if module.split(".")[0] == "mlp_core":
        return _rule(module, name)
    if "optim" not in dotted:  # torch need not be imported for classes such as torch.nn.Module
        return None
    optimizer: type = import_module("torch.optim").Optimizer
    found = getattr(sys.modules.get(module), name, None)  # torch.optim has no attribute sgd for its module sgd
    return optimizer if isinstance(found, type) and issubclass(found, optimizer) else None


def _rule(module: str, name: str) -> type | None:
    if not module.startswith("mlp_core.rules"):
        return None
    from mlp_core import rules

    classes = {one.__name__: one.__module__ for one in map(rules.get, rules.names())} | {"UpdateRule": "mlp_core.rules"}
    return rules.UpdateRule if name in classes else None
