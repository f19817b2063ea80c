"""Layers whose constructors take several sizes, and layers that keep tensors of torch."""

from __future__ import annotations

from pathlib import Path

import pytest
from layer_files import DILATED, FEED_FORWARD, MAXOUT, SOFTSIGN, SWIGLU
from pairs_of_strangers import Case, holds

CASES = {
    "three sizes, one of a kernel": Case(
        DILATED, "dx[:, :, at] +=", "dx[:, :, j : j + length] +=", ("DilatedConv1D",), "gradient of x"
    ),
    "three sizes and a rate": Case(FEED_FORWARD, "dh[self.h <= 0]", "dh[dh <= 0]", ("FeedForward",), "gradient of"),
    "parameters of torch in float32": Case(
        SWIGLU, "(s + self.a * s * (1 - s))", "(s * (1 - s))", ("SwiGLU",), "gradient of w1"
    ),
    "torch without parameters": Case(SOFTSIGN, ".pow(2)", "", ("Softsign",), "gradient of x"),
    "an upstream gradient called dY": Case(MAXOUT, "dZ.sum(axis=0)", "dZ.mean(axis=0)", ("Maxout",), "gradient of b"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_right_layer_is_lawful_and_a_wrong_one_broken(case: str, tmp_path: Path) -> None:
    holds(tmp_path, CASES[case])
