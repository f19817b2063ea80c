"""The last lines of a snippet about shapes, strides and dtypes; see rule_snippets."""

from __future__ import annotations

from mlp_core.testing.rule_snippets import ONCE, SAME

STRIDED = """\
*_, (expected, _) = run(mine)
contiguous = fresh
nan, wide = float("nan"), []
for p in contiguous():
    wide.append(torch.full((*p.shape[:-1], p.shape[-1] + 1, 2) if p.ndim else (2,), nan, dtype=p.dtype))
inside = lambda w: w[..., :-1, 0] if w.ndim > 1 else w[0]
fresh = lambda: [inside(w).copy_(p.detach()).requires_grad_() for w, p in zip(wide, contiguous())]
*_, (params, _) = run(mine)
beside = [torch.ones_like(w) for w in wide]
for b in beside:
    inside(b).zero_()
for w, b in zip(wide, beside):
    outside, before = w[b.bool()], torch.full_like(w, nan)[b.bool()]
    assert ((outside == before) | (outside.isnan() & before.isnan())).all(), "wrote beside a parameter"
for p, q in zip(params, expected):
    assert torch.equal(p.nan_to_num(), q.nan_to_num()), (p, q)"""

LYING = """\
*_, (expected, _) = run(mine)
params = fresh()
optimizer = mine(groups(params), **hyper[0])
for step, row in enumerate(gradients):
    set_lr(optimizer, step)
    for p, g in zip(params, row):
        p.grad = g.clone().mT.contiguous().mT if g.ndim > 1 else torch.stack([g, g], -1)[..., 0]
    optimizer.step()
for p, q in zip(params, expected):
    assert torch.equal(p.nan_to_num(), q.nan_to_num()), (p, q)"""

WIDE = (
    ONCE
    + """\
torch.set_default_dtype(torch.float64)
try:
    *_, (params, optimizer) = run(mine)
finally:
    torch.set_default_dtype(torch.float32)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)
