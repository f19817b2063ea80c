"""Small sizes for a class whose constructor has defaults, as `Net(input_dim=(3, 32, 32), hidden_dim=100, reg=0.0)`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from itertools import cycle
from typing import Any

from mlp_core.testing.subjects.doors.names import constants_of

WIDTHS = (3, 4, 2)
"""the sizes of layers, one after the other"""

IMAGE = (2, 4, 4)
"""channels, height and width"""

ODD = re.compile(r"(filter|kernel)_?(size|width|height)|field(_size)?")
"""names of a size that is padded by its half: it is 3"""


def smaller(function: Callable[..., Any]) -> dict[str, Any]:
    """Values for the parameters whose default is a size above 2 or the shape of an image, and for a penalty of 0, which
    would hide that its gradient is missing.

    >>> smaller(lambda input_dim=(3, 32, 32), filter_size=7, hidden_dim=100, reg=0.0, eps=1e-3: None)
    {'input_dim': (2, 4, 4), 'filter_size': 3, 'hidden_dim': 3, 'reg': 0.5}
    """
    found, widths = dict[str, Any](), cycle(WIDTHS)
    for name, one in inspect.signature(function).parameters.items():
        given = one.default
        if isinstance(given, tuple) and len(given) == len(IMAGE) and all(type(n) is int for n in given):
            found[name] = IMAGE
        elif type(given) is int and given > 2:
            found[name] = 3 if ODD.fullmatch(name) else next(widths)
        elif type(given) is float and given == 0 and constants_of(name):
            found[name] = constants_of(name)[0]
    return found
