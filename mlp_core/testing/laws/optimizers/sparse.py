"""The law of an optimizer about sparse gradients."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import steps_of
from mlp_core.testing.laws.optimizers.shared import agree

SHAPE, ROWS = (5, 3), (0, 2, 2, 4)
"""the shape of an embedding of five words; the rows of a gradient, one of them twice, as autograd makes them"""

SPARSE = """\
ROWS = torch.tensor([0, 2, 2, 4])
rows = lambda g, step: torch.sparse_coo_tensor(((ROWS + step) % 5)[None], g[:4], g.shape, check_invariants=False)
def end(turn):
    params = fresh()
    optimizer = mine(groups(params), **hyper[0])
    for step, row in enumerate(gradients):
        set_lr(optimizer, step)
        for p, g in zip(params, row):
            p.grad = turn(rows(g, step))
        optimizer.step()
    return params
dense, sparse = end(lambda g: g.to_dense()), end(lambda g: g)
for p, q in zip(sparse, dense):
    far = (p - q).abs() > 2**12 * torch.finfo(p.dtype).eps * (1 + q.abs())
    assert not far.any() and torch.equal(p.isnan(), q.isnan()), (p, q)"""

book = OptimizerBook(waivable=True)


def rows(scenario: Scenario, step: int, index: int) -> Tensor:
    """Four rows of a gradient, two of them for the same row of the parameter; other rows in every step."""
    g = scenario.given(step, index).to(scenario.dtype)
    at = (torch.tensor(ROWS) + step) % len(g)
    return torch.sparse_coo_tensor(at[None], g[: len(ROWS)], g.shape, check_invariants=False)


def _end(subject: Any, scenario: Scenario, *, sparse: bool) -> list[Tensor]:
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params)

    def gradient(step: int, index: int) -> Tensor:
        g = rows(scenario, step, index)
        return g if sparse else g.to_dense()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns once about optional checks of sparse tensors
        for _ in subject.run(scenario, optimizer, params, gradient):
            pass
    return [p.detach() for p in params]


def needs_sparse_gradients(subject: Any) -> str | None:
    if "sparse" not in subject.memo:
        subject.memo["sparse"] = _refused(subject)
    return str(subject.memo["sparse"]) or None


def _refused(subject: Any) -> str:
    """The reason why it takes no sparse gradient."""
    with globals_kept():
        try:
            for scenario in sample(subject.telling(shapes=[SHAPE], per_group=(1, 1)), 2):
                _end(subject, scenario, sparse=False)
                try:
                    _end(subject, scenario, sparse=True)
                except Exception as error:
                    return f"it refuses sparse gradients ({type(error.__cause__ or error).__name__})"
        except (Exception, Rejected):
            return f"it takes no parameter with shape {SHAPE}"
    return ""


@book.law(
    lambda s: s.telling(shapes=[SHAPE], per_group=(1, 1)), skip=needs_sparse_gradients, share=FEW, closing=SPARSE,
    doing="with sparse gradients",
)  # fmt: skip
def takes_a_sparse_gradient_as_a_dense_one(subject: Any, scenario: Scenario) -> Evidence:
    """A sparse gradient with a few rows, as embeddings have, moves a parameter as the same dense gradient does; or it
    is refused.

    Decay and momentum act on all rows, and a row that is listed twice counts twice. An optimizer that updates only the
    rows of the gradient is another optimizer, and trains other weights.
    """
    expected, got = _end(subject, scenario, sparse=False), _end(subject, scenario, sparse=True)
    try:
        return agree(subject, scenario, scenario.names(), got, expected, what="sparse: ", closing=SPARSE)
    except Broken as broken:
        broken.measured = _where(subject, steps_of(scenario, 0, 1))
        raise


def _where(subject: Any, first: Scenario) -> str:
    """The rows that differ after one step, in words; empty if none does."""
    (dense,), (sparse,) = _end(subject, first, sparse=False), _end(subject, first, sparse=True)
    near = 2**12 * torch.finfo(dense.dtype).eps * (1 + dense.abs())
    differ = [k for k in range(len(dense)) if not bool(((dense[k] - sparse[k]).abs() <= near[k]).all())]
    twice = max(ROWS, key=ROWS.count)
    for words, some in (
        ("rows that are not in the gradient move differently than with a dense gradient", set(differ) - set(ROWS)),
        ("a row that is twice in the gradient does not move by the sum of the two", set(differ) & {twice}),
        ("rows of the gradient move differently than with a dense gradient", set(differ)),
    ):
        if some:
            k = min(some)
            got, expected = sparse[k].tolist(), dense[k].tolist()
            return f"with a sparse gradient, {words}: row {k} is {got} after a step, expected {expected}"
    return ""
