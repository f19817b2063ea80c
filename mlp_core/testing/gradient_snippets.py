"""The last lines of a snippet, law by law: what a gradient did, and what it should have done."""

from __future__ import annotations

VALUE = """\
got = gradient()["{name}"][{index}].item()
assert abs(got - {expected}) <= {bound}, got"""
"""the end of a snippet: the entry that was wrong, against what was expected of it"""

AUTOGRAD = """\
got = gradient()["{name}"][{index}].item()
expected = torch.autograd.grad(model(x), dict(model.named_parameters())["{name}"], dL_dy)[0][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""

SCALED = """\
once = gradient()["{name}"][{index}].item()
dL_dy = -3 * dL_dy
again = gradient()["{name}"][{index}].item()
assert abs(again + 3 * once) <= {bound}, (once, again)"""

PERFECT = (
    """\
y, dL_dy = trace.output.clone(), torch.zeros_like(dL_dy)
"""
    + VALUE
)

ADDED = """\
got, whole, total = gradient()["{name}"][{index}].item(), (trace, dL_dy, y), 0.0
for s in range(len(x)):
    row = slice(s, s + 1)
    trace = Trace(tuple(z[row] for z in whole[0].z), tuple(a[row] for a in whole[0].a))
    dL_dy, y = whole[1][row], whole[2][row]
    total += gradient()["{name}"][{index}].item()
assert abs(got - total) <= {bound}, (got, total)"""

TURNED_ROUND = """\
got = gradient()["{name}"][{index}].item()
trace, dL_dy, y = Trace(tuple(z.flip(0) for z in trace.z), tuple(a.flip(0) for a in trace.a)), dL_dy.flip(0), y.flip(0)
again = gradient()["{name}"][{index}].item()
assert abs(got - again) <= {bound}, (got, again)"""

RENUMBERED = """\
layer, order, expected = LAYER, ORDER, gradient()
for name in (f"W{{layer}}", f"b{{layer}}"):
    expected[name] = expected[name][order]
expected[f"W{{layer + 1}}"] = expected[f"W{{layer + 1}}"][:, order]
with torch.no_grad():
    for tensor in (model.weights[layer - 1], model.biases[layer - 1], model.weights[layer].t()):
        tensor.copy_(tensor[order].clone())
z, a = list(trace.z), list(trace.a)
z[layer], a[layer] = z[layer][:, order], a[layer][:, order]
trace = Trace(tuple(z), tuple(a))
got, expected = gradient()["{name}"][{index}].item(), expected["{name}"][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""
"""LAYER and ORDER are filled in by the law"""

TAYLOR = """\
g, theta = gradient(), {name: p.detach().clone() for name, p in model.named_parameters()}
v = {name: torch.linspace(-1, 1, p.numel(), dtype=p.dtype).sin().view(p.shape) + 0.5 for name, p in theta.items()}
def J(h):
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(theta[name] + h * v[name])
        y_hat = model(x)
    return ({objective}).item()
slope = sum((g[name] * v[name]).sum().item() for name in theta)
remainders = [abs(J(h) - J(0) - h * slope) for h in {steps}]
if all(r >= clear for r, clear in zip(remainders, {clear})):
    ratios = [a / b for a, b in zip(remainders, remainders[1:])]
    assert max(ratios) >= 3, ratios"""

PURE = """\
before = {value}.clone()
gradient()
assert torch.equal({value}, before), "{value} was changed\""""

FRESH = """\
first = gradient()["{name}"][{index}].item()
model, trace, dL_dy = __import__("copy").deepcopy((model, trace, dL_dy))
again = gradient()["{name}"][{index}].item()
assert first == again or first != first and again != again, (first, again)"""

AGAIN = """\
once = gradient()["{name}"][{index}].item()
again = gradient(clear=False)["{name}"][{index}].item()
assert once == again or once != once and again != again, (once, again)"""

MOVED = """\
gradient()
with torch.no_grad():
    model.flat.mul_(-0.5)
trace = model.trace(x)
with torch.no_grad():
    dL_dy = DL_DY
got = gradient()["{name}"][{index}].item()
expected = torch.autograd.grad(model(x), dict(model.named_parameters())["{name}"], dL_dy)[0][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""
"""DL_DY is filled in by the law"""

BOUND = """\
expected = torch.autograd.grad(model(x), dict(model.named_parameters())["{name}"], dL_dy)[0][{index}].item()
for p in model.parameters():
    p.grad = torch.full_like(p, float("nan"))
model.weights[0].requires_grad_(False)
FUNCTION(model, trace, dL_dy)
p = dict(model.named_parameters())["{name}"]
got = float("nan") if p.grad is None else p.grad[{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""
"""FUNCTION is filled in by the law"""

REPLACED = """\
before = {value}
gradient()
assert {value} is before"""
