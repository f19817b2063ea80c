"""A mistake with a numeric parameter: the error flows back through weights that have already been updated, with some
rate."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from mlp_core.testing.diagnosis.witnesses import Witness
from mlp_core.testing.faults.gradients.reverse import RIGHT, At, Mistake, walk

DIGITS = 6
"""the number of digits of a learning rate as people write it"""


def through_new_weights(witness: Witness) -> list[Mistake]:
    """The mistake with the rate that the layer below the last one implies; None if no single rate fits.

    delta[l] flows back through W[l] - rate dL/dW[l], so that the result in the layer below is linear in the rate.
    """
    case = witness.case
    if case.model.L < 2 or len(witness.seen.gradients) < 2 * case.model.L:
        return []
    with torch.no_grad():
        (last, delta, _), (below, _, _) = next(pairwise(walk(case.model, case.trace, case.dL_dy)))
        through = (delta @ last.W, delta @ (delta.t() @ last.below))
        whole, less = (RIGHT["bias"](below, RIGHT["derivative"](below, flow)).flatten() for flow in through)
        got = witness.seen.gradients[2 * below.layer - 1].flatten().to(whole.dtype)
        if got.shape != whole.shape or not less.any():
            return []
        rate = float(f"{float((whole - got) @ less / (less @ less)):.{DIGITS}g}")

    def flow(at: At, delta: Tensor) -> Tensor:
        return delta @ (at.W - rate * (delta.t() @ at.below))

    words = f"the error flows back through weights that are already updated (by {rate:g} times their gradient)"
    return [Mistake("flow", flow, words)] if rate else []
