"""The last lines of a snippet, law by law: what a record did, and what it should have done."""

from __future__ import annotations

DERIVATIVE = """\
leaf, delta = z.clone().requires_grad_(), torch.linspace(-2, 3, len(z), dtype=z.dtype)
if record.exact:
    delta[1::4], delta[3::4] = torch.inf, torch.nan
expected = torch.autograd.grad(record.f(leaf), leaf, delta)[0][{index}].item()
got = record.times_df(delta, z, record.f(z))[{index}].item()
alike = got == expected or (got != got and expected != expected)
assert alike or abs(got - expected) <= {bound}, (got, expected)"""

QUOTIENT = """\
h, at = gradcheck.STEP, torch.tensor([AT], dtype=torch.float64)
expected = ((record.f(at + h) - record.f(at - h)) / (2 * h)).item()
got = record.df(at, record.f(at)).item()
named = any(abs(at.item() - kink) <= 2 * h for kink in record.kinks)
assert named or abs(got - expected) <= {bound}, (got, expected)"""
"""AT is filled in by the law"""

STEEPEST = """\
steepest = record.df(z, record.f(z)).abs().max().item()
assert steepest <= record.lipschitz * (1 + 1e-6), (steepest, record.lipschitz)"""

SLOPES = """\
ends = [float("-inf"), *record.kinks, float("inf")]
def value(v):  # the slopes between 0 and v, each times how far it reaches
    side = 1 if v > 0 else -1
    parts = zip(ends, ends[1:], record.slopes)
    return sum(side * s * max(0.0, min(b, max(v, 0.0)) - max(a, min(v, 0.0))) for a, b, s in parts)
got, expected = record.f(z.double())[{index}].item(), value(z[{index}].item())
assert abs(got - expected) <= {bound}, (got, expected)"""

GRADIENT = """\
leaf = z.clone().requires_grad_()
expected = torch.autograd.grad(record.value(leaf, y), leaf)[0][{index}].item()
got = record.value_and_grad(z, y)[1][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""

PLAIN = """\
value, got = record.value_and_grad(z, y)
assert value.ndim == 0 and not got.requires_grad, (value, got)"""

BOTH = """\
parts = dict(zip(("value", "dL/dy_hat"), record.both(z, y)))
alone = {{"value": record.value(z, y), "dL/dy_hat": record.grad(z, y)}}
got, expected = parts["{name}"][{index}].item(), alone["{name}"][{index}].item()
assert got == expected, (got, expected)"""

SOFTMAX = """\
onehot = torch.nn.functional.one_hot(y, z.shape[1]).to(z.dtype)
expected = ((torch.softmax(z, dim=1) - onehot) / len(z))[{index}].item()
got = record.value_and_grad(z, y)[1][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""

DIFFERENCES = """\
z, y = z.double(), y if record.classes else y.double()
got = record.value_and_grad(z, y)[1][{index}].item()
expected = gradcheck.central_difference(lambda t: record.value(t, y), z, step=gradcheck.STEP)[{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""

REFUSED = """\
try:
    record.value_and_grad(z, WRONG)
except ValueError as error:
    assert "y" in str(error).split(":")[0], error
else:
    raise AssertionError("accepted")"""
"""WRONG is filled in by the law"""
