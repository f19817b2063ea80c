"""The meaning of names in a training loop: data, target, biases, the number of classes, and the numbers of a rule."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence

from mlp_core.testing.foreign.alone import BIAS, TARGET, stem
from mlp_core.testing.foreign.nets import INPUT
from mlp_core.testing.subjects.roles import role

CLASSES = 3
"""the number of classes, if it is a parameter"""

COUNT = re.compile(
    r"(n|num|no|nb)_?(of_)?(class(es)?|labels|outputs?|categories)|classes|output_(dim|size)|[kc]", re.IGNORECASE
)
SIZED = re.compile(
    r"(\w+\.)*(eye|zeros|ones|one_?hot\w*|\w*_one_?hot|to_categorical|identity|arange|range)", re.IGNORECASE
)
"""names of a number of classes, and of functions that are called with one"""

STATES = re.compile(r"gamma|mu|momentum|rho|beta_?\d?|b[12]|decay_?rate|decay|eps(ilon)?", re.IGNORECASE)
"""names of the numbers of a rule with a state"""


def is_bias(name: str) -> bool:
    return BIAS.fullmatch(name) is not None or re.search(r"^b_|^b\d|bias|intercept", name, re.IGNORECASE) is not None


def is_target(name: str) -> bool:
    plain = stem(name)
    given = plain != name and re.fullmatch("outputs?", plain) is not None  # training_set_outputs
    return TARGET.fullmatch(plain) is not None or given or role(name) == "true"


def is_data(name: str) -> bool:
    return INPUT.fullmatch(stem(name)) is not None


def is_data_or_target(name: str) -> bool:
    return is_data(name) or is_target(name)


def defaults_of(node: ast.FunctionDef, given: Sequence[str]) -> list[ast.stmt]:
    """Statements that give the numbers of a rule their defaults, or one between 0 and 1."""
    names = [a.arg for a in node.args.args]
    values = dict(zip(names[len(names) - len(node.args.defaults) :], node.args.defaults, strict=True))
    own = [n for n in names if n in given and STATES.fullmatch(n)]
    given_by = {n: ast.unparse(values[n]) if n in values else "1e-8" if n.startswith("eps") else "0.5" for n in own}
    return ast.parse("\n".join(f"{n} = {value}" for n, value in given_by.items())).body


def counts_in(given: Sequence[str], statements: Sequence[ast.stmt]) -> set[str]:
    """The parameters that are a number of classes: np.eye(k)[y], one_hot(y, c)."""
    found = set[str]()
    for call in (n for s in statements for n in ast.walk(s) if isinstance(n, ast.Call)):
        if SIZED.fullmatch(ast.unparse(call.func)):
            handed = [*call.args, *(k.value for k in call.keywords)]
            found |= {n.id for one in handed for n in ast.walk(one) if isinstance(n, ast.Name)}
    return {n for n in found & set(given) if COUNT.fullmatch(n)}


class _Counted(ast.NodeTransformer):
    """np.arange(3) for np.unique(y): the drawn labels may lack a class."""

    def visit_Call(self, node: ast.Call) -> ast.expr:  # the name that ast asks for
        match node:
            case ast.Call(func=ast.Attribute(value=library, attr="unique"), args=[ast.Name(id=name)], keywords=[]):
                if is_target(name):
                    return ast.parse(f"{ast.unparse(library)}.arange({CLASSES})", mode="eval").body
            case ast.Call(func=ast.Name(id="set"), args=[ast.Name(id=name)]) if is_target(name):
                return ast.parse(f"set(range({CLASSES}))", mode="eval").body
        self.generic_visit(node)
        return node


def all_classes(node: ast.stmt) -> ast.stmt:
    """A statement that counts the classes among labels, for the number of classes that are drawn."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)]) if COUNT.fullmatch(name.strip("_")):
            found = _Counted().visit(copy.deepcopy(node))
            assert isinstance(found, ast.stmt)
            return ast.fix_missing_locations(found)
    return node
