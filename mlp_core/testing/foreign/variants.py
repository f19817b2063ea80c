"""Variants of a network in one file, recognised from names: a backward with regularization belongs to such a cost."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

_PLAIN = """
    forward backward back fwd bwd feed prop propagation propagate pass compute calc calculate get cost loss function
    func fn with model network net nn cross entropy mse bce error the and of l gradient gradients grad step full
    derivative predict objective j
"""
PLAIN = frozenset(_PLAIN.split())
"""words in the name of a function that do not say which variant of a network it belongs to"""

_PENALTY = "regularization regularisation regularized regularised reg l2 l1 ridge decay"
PENALTY = frozenset(_PENALTY.split())
"""variants with another cost"""


def variant(name: str) -> frozenset[str]:
    """The words in a name that say which variant it is.

    >>> sorted(variant("backward_propagation_with_dropout")), sorted(variant("L_model_forward"))
    (['dropout'], [])
    """
    return frozenset(re.findall(r"[a-z]+|\d+", name.lower())) - PLAIN


def nearest(node: ast.FunctionDef, found: list[Any], name: Callable[[Any], str], *, cost: bool = False) -> list[Any]:
    """The items of the same variant as a backward, or the plain ones. A backward with a penalty has no plain cost."""
    own = variant(node.name)
    same = [one for one in found if variant(name(one)) == own]
    plain = [one for one in found if not variant(name(one))] or (found if len(found) == 1 else [])
    return same or ([] if cost and own & PENALTY else plain)
