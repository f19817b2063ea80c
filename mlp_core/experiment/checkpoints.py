"""A checkpoint of a trial in a file. Reading it returns exactly what was written for this trial, or refuses it with the
reason."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mlp_core.base.extras import need
from mlp_core.base.files import write_all

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Refused(Exception):
    """A checkpoint from which a trial cannot continue."""

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{self.path} is refused: {self.why}"


def write(path: Path, tensors: Tensors, record: dict[str, Any]) -> None:
    """Write tensors and JSON values to `path`, completely or not at all, replacing an older file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder) / "a", {"weight": torch.ones(2)}, {"epoch": 3})
    ...     read(Path(folder) / "a")
    ({'weight': tensor([1., 1.])}, {'epoch': 3})
    """
    save = need("safetensors.torch").save
    # safetensors refuses tensors that share memory
    tensors = {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in sorted(tensors.items())}
    text = json.dumps(record, sort_keys=True)
    content: bytes = save(tensors, {"mlp_core": json.dumps({"record": text, "digest": _digest(tensors, text)})})
    write_all(path.parent, {path.name: lambda temporary: temporary.write_bytes(content)})


def read(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """The content that `write` wrote. Raises Refused for a file that is cut short, changed, or not a checkpoint."""
    safetensors = need("safetensors")
    try:
        with safetensors.safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
            head = json.loads(file.metadata()["mlp_core"])
        text, digest = head["record"], head["digest"]
        intact = digest == _digest(tensors, text)
    # what another file can raise while its header, JSON and keys are read
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(path, f"it is incomplete, or not a checkpoint ({error})") from error
    if not intact:
        raise Refused(path, "its content has changed since it was written")
    return tensors, json.loads(text)


def _digest(tensors: Tensors, text: str) -> str:
    kept = hashlib.blake2b(text.encode(), digest_size=16)
    for name, tensor in tensors.items():
        kept.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        kept.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return kept.hexdigest()


def flattened(state: dict[int, dict[str, Any]]) -> tuple[Tensors, list[list[Any]]]:
    """An optimizer's state: tensors by "state.INDEX.NAME", and other values as [index, name, value].

    >>> flattened({0: {"momentum_buffer": torch.zeros(1), "t": 3}})
    ({'state.0.momentum_buffer': tensor([0.])}, [[0, 't', 3]])
    """
    tensors, rest = {}, []
    for index, slots in state.items():
        for name, value in slots.items():
            if isinstance(value, Tensor):
                tensors[f"state.{index}.{name}"] = value
            else:
                rest.append([index, name, value])
    return tensors, rest


def nested(tensors: Tensors, rest: list[list[Any]]) -> dict[int, dict[str, Any]]:
    """The state that `flattened` took apart; tensors with other names are ignored."""
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        if name.startswith("state."):
            _, index, slot = name.split(".", 2)
            state.setdefault(int(index), {})[slot] = tensor
    for position, slot, value in rest:
        state.setdefault(position, {})[slot] = value
    return state
