"""Base classes are recognised by their names, without torch."""

from __future__ import annotations

import ast

import pytest
import torch

from mlp_core.rules import UpdateRule
from mlp_core.testing.foreign.origins import LIKE, Origins


def kind(text: str) -> object:
    nodes = ast.parse(text).body
    (last,) = (n for n in nodes if isinstance(n, ast.ClassDef))
    return Origins(nodes).kind(last)


def test_every_optimizer_of_torch_is_known_by_its_name() -> None:
    assert {name for name in dir(torch.optim) if name[0].isupper()} <= LIKE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from torch.optim import Adam\nclass Mine(Adam): pass", torch.optim.Optimizer),
        ("from torch.optim.sgd import SGD\nclass Mine(SGD): pass", torch.optim.Optimizer),
        ("import torch.optim as o\nclass Mine(o.Optimizer): pass", torch.optim.Optimizer),
        ("from torch.optim import *\nclass Mine(Optimizer): pass", torch.optim.Optimizer),
        ("from torch import nn\nclass Mine(nn.Module): pass", None),
        ("from torch.optim.lr_scheduler import LRScheduler\nclass Mine(LRScheduler): pass", None),
        ("from mlp_core.rules import UpdateRule\nclass Mine(UpdateRule): pass", UpdateRule),
        ("from mlp_core import rules\nclass Mine(rules.get('adam')): pass", UpdateRule),
        ("from mlp_core.rules.sgd import SGD\nclass Mine(SGD): pass", UpdateRule),
        ("from timm.optim import AdamW\nclass Mine(AdamW): pass", "timm.optim.AdamW"),
        ("from timm.models import Net\nclass Mine(Net): pass", None),
    ],
)
def test_the_base_of_a_class_is_found(text: str, expected: object) -> None:
    assert kind(text) is expected or kind(text) == expected
