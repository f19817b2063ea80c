"""The last lines of a snippet about parameters in company; see rule_snippets."""

from __future__ import annotations

from mlp_core.testing.rule_snippets import ONCE, SAME

ADJACENT = """\
from mlp_core.layout import Layout
*_, (pieces, _) = run(mine)
layout = Layout.of([p.shape for p in fresh()], fresh()[0].dtype)
params, grads = (layout.views(torch.zeros(layout.size, dtype=fresh()[0].dtype)) for _ in range(2))
for i, (p, value) in enumerate(zip(params, fresh())):
    p.copy_(value.detach()).requires_grad_().owned = layout.owned(i)
optimizer = mine(groups(params), **hyper[0])
for step, row in enumerate(gradients):
    set_lr(optimizer, step)
    for p, g, value in zip(params, grads, row):
        p.grad = None if value is None else g.copy_(value)
    optimizer.step()
for p, q in zip(params, pieces):
    assert torch.equal(p.nan_to_num(), q.nan_to_num()), (p, q)"""

UNNOTICED = (
    """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
everybody, counts = fresh, [counts[0] - 1, *counts[1:]]
fresh, gradients = lambda: everybody()[1:], [row[1:] for row in gradients]
*_, (params, optimizer) = run(mine)
expected = look([None, *params], optimizer, "{name}")[{index}].item()
"""
    + SAME
)

JOINED = (
    """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
groups = lambda params: [{{"params": params, **hyper[0]}}]
gradients, lr_factors = [row[:1] for row in gradients[LATE:]], lr_factors[LATE:]
*_, (params, optimizer) = run(mine, params=fresh()[:1])
expected = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)
"""LATE is filled in by the law"""

GROUPED = (
    ONCE.replace("expected =", "got =")
    + """\
k, _ = counts
everybody, which = fresh, int("{name}".rpartition("[")[2][:-1]) - counts[0]
fresh, hyper, counts = lambda: everybody()[k:], hyper[1:], counts[1:]
gradients = [row[k:] for row in gradients]
*_, (params, optimizer) = run(mine)
expected = look(params, optimizer, "{name}".rpartition("[")[0] + f"[{{which}}]")[{index}].item()
"""
    + SAME
)
