"""Whether arguments that were found by trying show anything: with some, such as events that are never 1, every gradient
is 0, and a wrong one as well.
"""

from __future__ import annotations

from typing import Any

from mlp_core.testing.examples.foreign_arrays import is_real, tensor_of

DEAD = (
    "was not tested: with all arguments that were tried, every gradient is 0; give their shapes with --shapes, or "
    "describe them in the file: subjects.value_and_gradient(f, inputs)"
)


def alive(found: Any) -> bool:
    """Whether some number in gradients is not 0.

    >>> import numpy as np
    >>> alive((np.zeros(2), {"W": np.array([0.0, 3.0])})), alive([np.zeros(2), 0.0])
    (True, False)
    """
    if isinstance(found, dict):
        return any(map(alive, found.values()))
    if isinstance(found, (tuple, list)):
        return any(map(alive, found))
    if isinstance(found, (int, float)):
        return found != 0
    return not is_real(found) or bool((tensor_of(found) != 0).any())
