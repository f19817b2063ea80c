"""Arrays of numpy, torch and jax through common functions: whether they have a derivative, copies, conversions,
source."""

from __future__ import annotations

import copy
import sys
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.engine.source import literal, source


def is_jax(value: Any) -> bool:
    """Whether a value is a jax array; this does not import jax."""
    return type(value).__module__.split(".")[0] in ("jax", "jaxlib")


def is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, Tensor)) or is_jax(value)


def is_real(value: Any) -> bool:
    """Whether a value is a floating point array, with respect to which a derivative can be taken."""
    if isinstance(value, Tensor):
        return value.is_floating_point()
    return is_array(value) and np.dtype(value.dtype).kind == "f"


def is_number(value: Any) -> bool:
    """Whether a value is a real number or an array of real numbers, as a forward pass may return it."""
    return is_real(value) or isinstance(value, (float, np.floating))


def count_of(value: Any) -> int:
    """The number of entries of a value. numpy's own size of a torch tensor is a method of the tensor.

    >>> count_of(torch.zeros(2, 3)), count_of(np.zeros(4)), count_of(1.0)
    (6, 4, 1)
    """
    return prod(np.shape(value))


def ones_like(value: Any) -> Any:
    """Ones in the library, the shape and the dtype of a value."""
    return like(torch.ones(tuple(np.shape(value)), dtype=torch.float64), value)


def tensor_of(value: Any) -> Tensor:
    """The numbers of a value as a new float64 tensor."""
    if isinstance(value, Tensor):
        return value.detach().to(torch.float64, copy=True).contiguous()
    return torch.from_numpy(np.array(value, dtype=np.float64, order="C"))


def moved(value: Any, far: float = 1.0) -> Any:
    """An array with other numbers, each moved by another one: softmax is the same if all move by the same."""
    apart = np.random.default_rng(0).standard_normal(np.shape(value))
    return like(tensor_of(value) + far * torch.from_numpy(apart), value)


def like(numbers: Tensor, value: Any) -> Any:
    """Numbers as a new array in the library and dtype of `value`."""
    if isinstance(value, Tensor):
        return numbers.detach().to(value.dtype, copy=True)
    if is_jax(value):
        return sys.modules["jax.numpy"].asarray(numbers.numpy().copy(), dtype=value.dtype)
    if isinstance(value, np.ndarray):
        return numbers.numpy().astype(value.dtype)  # a copy
    return np.float64(numbers.item())


def copied(value: Any) -> Any:
    """A copy that a function may change; lists, tuples and dicts of arrays are copied too."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(copied(v) for v in value)
    if type(value) is dict:
        return {k: copied(v) for k, v in value.items()}
    return value if is_jax(value) else copy.deepcopy(value)


def overwrite(array: Any, value: Any) -> None:
    """Write numbers into an array of numpy or a tensor, which every other name of it sees."""
    if isinstance(array, Tensor):
        array.detach().copy_(value)
    else:
        array[...] = value


def source_of(value: Any) -> str:
    """Python source; jax arrays are written as numpy arrays."""
    if isinstance(value, Tensor):
        return source(value)
    if is_array(value):
        value = np.asarray(value)
        if value.size == 0:
            return f"np.zeros({value.shape}, dtype=np.{value.dtype.name})"
        numbers = repr(value.tolist()).replace("nan", 'float("nan")').replace("inf", 'float("inf")')
        kind = "" if value.dtype.name in ("float64", "int64", "bool") else f", dtype=np.{value.dtype.name}"
        return f"np.array({numbers}{kind})"
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        inner = ", ".join(map(source_of, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {source_of(v)}" for k, v in value.items()) + "}"
    return literal(value) if isinstance(value, float) else repr(value)


def words_of(value: Any) -> str:
    """The shape of an array, or the value itself if it has no shape."""
    if isinstance(value, (list, tuple)) and any(map(is_array, value)):
        return f"[{', '.join(map(words_of, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {words_of(v)}" for k, v in value.items()) + "}"
    if not is_array(value):
        return repr(value)
    return str(tuple(value.shape)) if is_real(value) else f"{tuple(value.shape)} {value.dtype}"
