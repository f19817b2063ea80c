"""The returned value of a function in parts: every number in it with its place, and all other content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.examples.foreign_arrays import is_array, tensor_of


def numbers_of(value: Any, place: str = "") -> Iterator[tuple[str, Tensor]]:
    """The numbers as float64 tensors, each with its place as Python source: "[0]['W1']"."""
    for where, part in parts_of(value, place):
        if isinstance(part, Tensor):
            yield where, part


def parts_of(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Arrays and numbers as float64 tensors, other values unchanged; inside lists, dicts and modules."""
    for where, thing in things_of(value, place):
        if isinstance(thing, complex) or (is_array(thing) and "complex" in str(thing.dtype)):
            thing = torch.view_as_real(torch.as_tensor(thing if isinstance(thing, Tensor) else np.asarray(thing)))
        if is_array(thing) and getattr(thing, "dtype", None) != np.dtype(object):
            yield where, tensor_of(thing)
        elif isinstance(thing, (int, float, np.number, np.bool_)):
            yield where, tensor_of(float(thing))
        else:
            yield where, thing


def things_of(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The content of lists, dicts and modules, unchanged, each with its place."""
    if isinstance(value, torch.nn.Module):
        value, place = dict(value.state_dict()), f"{place}.state_dict()"
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from things_of(inner, f"{place}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for k, inner in enumerate(value):
            yield from things_of(inner, f"{place}[{k}]")
    else:
        yield place, value


def coarsest(value: Any) -> float:
    """The unit roundoff of the coarsest numbers in it, at least that of float64."""
    if isinstance(value, torch.nn.Module):
        value = list(value.state_dict().values())
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return max([2.0**-53, *map(coarsest, value)])
    name = str(getattr(value, "dtype", "")).removeprefix("torch.")
    return {"float32": 2.0**-24, "complex64": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}.get(name, 2.0**-53)
