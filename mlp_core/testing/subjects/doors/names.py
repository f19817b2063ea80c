"""Names that show what a parameter, an attribute or a variable is. Nothing here imports torch."""

from __future__ import annotations

import re
from typing import Any

from mlp_core.testing.subjects.doors.tokens import TOKENS

ABOVE = re.compile(
    r"(?!(data|dim|dims|dilation|dropout|drop|dtype|depth|device|debug)\b)"
    r"(d[A-Z_]?\w*|\w*grad\w*|delta\w*|up\w*|g|gy|\w*above|cot\w*)"
)
"""names of a backward's parameter for the upstream gradient: dout, dnext_h, dZ, grad_output, delta"""

OUTPUTS = ("output", "outputs")
BELOW = ("dinputs", "dinput", "d_inputs")
"""attributes with the result of a forward, and with the gradient of its input, if the methods return nothing"""

BESIDE = (
    "d{}", "d_{}", "{}_grad", "grad_{}", "grad{}", "g_{}", "dL_d{}", "dloss_d{}", "dl_d{}", "{}_gradient",
    "gradient_{}",
)  # fmt: skip
"""names of the gradient of NAME, beside NAME.grad"""

SCRIPT = "script"
"""the name of a whole script: FILE:script"""

PADDED: tuple[Any, ...] = tuple({"stride": s, "pad": p} for s, p in ((1, 1), (2, 0), (2, 1), (1, 0)))
POOLED: tuple[Any, ...] = tuple({"pool_height": 2, "pool_width": 2, "stride": s} for s in (2, 1))

CONSTANTS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    (r"strides?|s", (1, 2)), (r"pad|padding|p", (0, 1)), (r"(pool_?|kernel_?|filter_?|window_?)?size|f", (2, 3)),
    (r"eps|epsilon", (1e-5,)), (r"dim|axis", (-1,)), (r"conv_param", PADDED), (r"pool_param", POOLED),
    (r"(bn|ln|gn)_param", ({"mode": "train"},)), (r"dropout_param", ({"mode": "train", "p": 0.5, "seed": 3},)),
    (r"hparameters|hparams", tuple({"stride": s, "pad": p, "f": 2} for s, p in ((1, 1), (2, 1), (1, 0)))),
    (r"train(ing)?|is_train", (True,)),
    (r"(l2_?|reg_?)(reg|lambda|strength|param)?|lam(b|bda|da)?_?|lmb?da|lambd|weight_decay", (0.5, 1.0)),
    (r"margin|temperature|keep_prob|p_drop|negative_slope", (0.5, 1.0)), (r"sparsity(_?param)?", (0.1, 0.3)),
    (r"data_?set", (TOKENS, None)), (r"rng|random_state|verbose|debug|device|logger", (None,)),
    (r"n_?groups|num_groups|G|groups?", (1,)),
)  # fmt: skip
"""values of parameters that are not arrays, by their names"""

EITHER = re.compile(r"alpha|beta|delta|rate|slope|scale|sigma|h|a|c|k")
"""parameters that may be arrays, and are numbers if no array works"""


TELLING = re.compile(
    r"alpha|beta|delta|slope|scale|sigma|gamma|kappa|temp(erature)?|tau|lam(bda)?_?|lambd|reg(_?(lambda|strength))?"
    r"|l[12](_?(reg|lambda|penalty))?|margin|weight_decay|negative_slope"
)
"""names of parameters that are factors, powers or thresholds"""


COUNTS = re.compile(
    r"(num|n|no|nb)_(users?|movies|items|features|labels|class(es)?|hidden|inputs?|outputs?|factors|components|topics"
    r"|states|actions|units|samples|visible|words|tokens|vocab|dims?)|(input|hidden|output|visible)(_layer)?_(size|dim)"
)
"""names of a parameter that is the size of an array in another parameter"""


def hides(name: str, default: Any) -> bool:
    """Whether a default of 0 or 1 hides that a factor, a power or a penalty is forgotten.

    >>> hides("beta", 1.0), hides("beta", True), hides("eps", 0)
    (True, False, False)
    """
    return TELLING.fullmatch(name) is not None and type(default) in (int, float) and default in (0, 1)


def constants_of(name: str) -> tuple[Any, ...]:
    """The values with which a parameter is tried that is no array; none if its name does not show that it is a number.

    >>> constants_of("stride"), constants_of("alpha"), constants_of("x")
    ((1, 2), (0.5,), ())
    """
    for form, values in CONSTANTS:
        if re.fullmatch(form, name):
            return values
    return (0.5,) if EITHER.fullmatch(name) else ()


def key_of(found: dict[Any, Any], name: str, k: int) -> Any:
    """The key under which a dict of gradients contains that of an argument; None if it does not."""
    forms = ("{}", *BESIDE, "g{}")
    return next((key for form in forms if (key := form.format(name)) in found), k if k in found else None)
