"""Equality to the bit, on which every exact comparison of the battery rests."""

from __future__ import annotations

import pytest
import torch

from mlp_core.equality import same, same_bits

NAN = float("nan")


@pytest.mark.parametrize(("a", "b", "equal"), [
    ([1.0, NAN, 0.0], [1.0, NAN, -0.0], True),
    ([1.0, 2.0], [1.0, 2.0 + 2.0**-51], False),
    ([NAN], [0.0], False),
    ([0.0], [NAN], False),
    ([float("inf")], [-float("inf")], False),
    ([], [], True),
    ([1.0], [1.0, 1.0], False),
    ([1.0, 1.0], [[1.0, 1.0]], False),
])  # fmt: skip
def test_same_bits(a: list[float], b: list[float], equal: bool) -> None:
    assert same_bits(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)) is equal


def test_the_dtype_is_part_of_it() -> None:
    assert not same_bits(torch.ones(2), torch.ones(2).double())


def test_same_goes_entry_by_entry() -> None:
    a, b = torch.tensor([NAN, NAN, 1.0, 1.0, -0.0]), torch.tensor([NAN, 1.0, NAN, 1.0, 0.0])
    assert same(a, b).tolist() == [True, False, False, True, True]
