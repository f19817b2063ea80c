"""Scripts whose hand-written gradients differ from autograd's."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlp_core.testing.faults.catalogue import Catalogue
from mlp_core.testing.subjects.doors.script import ScriptSubject

CATALOGUE = Catalogue()

AUTOGRAD = "every gradient by hand equals autograd"

SCRIPT = """
import torch
g = torch.Generator().manual_seed(3)
n = 6
X, Y = torch.randint(0, 4, (n, 3), generator=g), torch.randint(0, 3, (n,), generator=g)
C, W, b = (torch.randn(*shape, generator=g).requires_grad_() for shape in ((4, 2), (6, 3), (3,)))
emb = C[X]
h = emb.view(n, -1)
logits = h @ W + b
loss = torch.nn.functional.cross_entropy(logits, Y)
loss.backward()
dlogits = torch.softmax(logits, 1)
dlogits[range(n), Y] -= 1
dlogits = dlogits / n
dW, db, dh = h.T @ dlogits, dlogits.sum(0), dlogits @ W.T
demb = dh.view(emb.shape)
dC = torch.zeros_like(C).index_add_(0, X.flatten(), demb.flatten(0, 1))
"""
"""right"""


def right() -> str:
    """The correct script."""
    return SCRIPT


def subject_of(make: Any) -> ScriptSubject:
    """The subject of a function that returns a source."""
    codes = [compile(ast.Module([node], []), "<script>", "exec") for node in ast.parse(make()).body]
    return ScriptSubject("script", codes, Path("script.py"), made=make)


def caught_by(*laws: str, origin: str) -> Callable[[Any], Any]:
    return CATALOGUE.caught_by(*laws, right=right, origin=origin, subject=subject_of, examples=8)


@caught_by(AUTOGRAD, origin="torch.Tensor.index_put_: without accumulate, only one of several equal indices counts")
def adds_through_an_index() -> str:
    """if an index names a row several times, only the last of its gradients is counted"""
    return SCRIPT.replace(
        "dC = torch.zeros_like(C).index_add_(0, X.flatten(), demb.flatten(0, 1))",
        "dC = torch.zeros_like(C)\nfor k in range(n):\n    dC[X[k]] += demb[k]",
    )


@caught_by(AUTOGRAD, origin="site: the division by n in a mean, in a script")
def sums_where_the_loss_averages() -> str:
    """the division by the number of rows is missing"""
    return SCRIPT.replace("dlogits = dlogits / n\n", "")


@caught_by("gives the same gradients when run again", origin="torch.Generator.seed: a seed from the system's entropy")
def takes_its_seed_from_the_system() -> str:
    """the seed is different in every run"""
    return SCRIPT.replace("g = torch.Generator().manual_seed(3)", "g = torch.Generator()\ng.seed()")
