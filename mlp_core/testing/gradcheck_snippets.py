"""The last lines of a snippet, law by law: what a gradient check reported, and what it should have."""

from __future__ import annotations

AT_MOST = """\
errors = check_model(model, x, y, loss, gradient=gradient)
assert errors["{name}"] <= {bound}, errors"""

WITHIN = """\
errors = check_model(model, x, y, loss, gradient=gradient)
assert abs(errors["{name}"] - {expected}) <= {bound}, errors"""

INFINITE = """\
errors = check_model(model, x, y, loss, gradient=gradient)
assert errors["{name}"] == float("inf"), errors"""

SKIPPED = """\
errors = check_model(model, x, y, loss, gradient=gradient)
assert {low} <= errors.skipped <= {high}, errors.skipped"""

UNTOUCHED = """\
model.flat_grad.fill_(7.0)
def everything():
    return [model.flat, model.flat_grad, x, y, *model.parameters(), torch.get_rng_state()]
before, dtype = [t.detach().clone() for t in everything()], torch.get_default_dtype()
check_model(model, x, y, loss, gradient=gradient)
assert torch.get_default_dtype() == dtype, "left another default dtype"
same = [a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(before, everything())]
assert all(same), "changed what it was given\""""
