"""Recognises an autograd engine whose mistake shows only if a node is used several times."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence

from mlp_core.testing.diagnosis.door_relations import Seen

REUSED = (
    "the gradient is correct if a node is used once, and wrong if it is used several times: add to the gradient of a "
    "node (+=) instead of replacing it, and run its backward after those of all its uses"
)


def of_reuse(seen: Sequence[Seen]) -> str | None:
    """The mistake in words, if the wrong gradients are those of expressions that use a node several times, and a
    gradient of an expression that does not is correct; else None.
    """
    names = [[g.name for g in one.got.gradients] for one in seen]
    wrong = [{here[k] for k in one.wrong()} for one, here in zip(seen, names, strict=True)]
    again = all(map(uses_again, set().union(*wrong)))
    plain = any("(" not in n and " " in n and not uses_again(n) for here in names for n in here)
    return REUSED if all(wrong) and again and plain else None


def uses_again(expression: str) -> bool:
    """Whether an expression uses a name several times.

    >>> uses_again("a + b"), uses_again("a + a"), uses_again("(c := a + b) * c"), uses_again("x")
    (False, True, True, False)
    """
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        return False
    names = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return any(count > 1 for count in names.values())
