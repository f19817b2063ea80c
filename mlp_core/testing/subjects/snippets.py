"""The last lines of a snippet, law by law: what an optimizer did, and what it should have done."""

from __future__ import annotations

SAME = "assert got == expected or got != got and expected != expected, (got, expected)"
"""to the bit: NaN equals NaN. The closings let the subject speak twice and quote none of its numbers, so that they hold
for the subject once it is mended"""

LITERAL = (
    """\
*_, (params, optimizer) = run(mine)
got, expected = look(params, optimizer, "{name}")[{index}].item(), {expected}
"""
    + SAME
)

AGAINST_TWIN = """\
for step, (a, b) in enumerate(zip(run(mine), run(reference)), start=1):
    got, expected = look(*a, "{name}")[{index}].item(), look(*b, "{name}")[{index}].item()
    assert got == expected or got != got and expected != expected, (step, got, expected)"""

ONCE = """\
*_, (params, optimizer) = run(mine)
expected = look(params, optimizer, "{name}")[{index}].item()
"""

AGAIN = (
    ONCE
    + """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

TURNED = """\
*_, (pieces, _) = run(mine)
turned = lambda tensors: torch.cat([t.detach().flatten() for t in tensors]).flip(0)
start = turned(fresh())
fresh = lambda: [start.clone().requires_grad_()]
groups = lambda params: [{{"params": params, **hyper[0]}}]
gradients = [[turned(row)] for row in gradients]
*_, (together, _) = run(mine)
expected = turned(pieces)
assert torch.equal(together[0].nan_to_num(), expected.nan_to_num()), (together[0], expected)"""

GRADIENT = """\
params = fresh()
optimizer, memory = mine(groups(params), **hyper[0]), [torch.empty_like(g) for g in gradients[0]]
for step, row in enumerate(gradients):
    for p, m, g in zip(params, memory, row):
        p.grad = m.copy_(g)  # the same memory in every step
    optimizer.step()
    for m, g in zip(memory, row):
        assert torch.equal(m, g), (step, m, g)"""

REUSED = AGAIN.replace("run(mine)\ngot", "run(mine, poison=True)\ngot")

RESUMED = (
    ONCE
    + """\
half = len(gradients) // 2
*_, (params, optimizer) = run(mine, stop=half)
import io
torch.save(optimizer.state_dict(), file := io.BytesIO())
file.seek(0)
params, state = [p.detach().clone().requires_grad_() for p in params], torch.load(file)
*_, (params, optimizer) = run(mine, start=half, params=params, state=state)
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

ROLLED_BACK = (
    ONCE
    + """\
import copy
half = len(gradients) // 2
*_, (before, optimizer) = run(mine, stop=half)
before, state = [p.detach().clone() for p in before], copy.deepcopy(optimizer.state_dict())
params = fresh()
optimizer, memory = mine(groups(params), **hyper[0]), [torch.zeros_like(p) for p in params]
def go_on(steps):
    for step in steps:
        set_lr(optimizer, step)
        for p, m, g in zip(params, memory, gradients[step]):
            p.grad = None if g is None else m.copy_(g)  # the same memory in every step
        optimizer.step()
go_on(range(len(gradients)))
for p, value in zip(params, before):
    p.data.copy_(value)
optimizer.load_state_dict(state)
go_on(range(half, len(gradients)))
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

TWO = (
    ONCE
    + """\
other = [(2 * p.detach() + 1).requires_grad_() for p in fresh()]
*_, ((params, optimizer), _) = zip(run(mine), run(mine, params=other))
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

MIRRORED = (
    """\
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
plus, gradients = fresh, [[-g for g in row] for row in gradients]
*_, (params, optimizer) = run(mine, params=[(-p.detach()).requires_grad_() for p in plus()])
expected = -look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

DESCENDS = """\
sign, lr = (-1 if hyper[0].get("maximize") else 1), hyper[0]["lr"]
ends = []
for k in range(0, 40, 3):
    params = [p.detach().double().requires_grad_() for p in fresh()]
    optimizer = mine([{"params": params, **hyper[0], "lr": lr / 2**k}], **hyper[0])
    value = lambda: sum(float(((p.detach() - 1) ** 2).sum()) for p in params)
    first = value()
    for _ in gradients:
        for p in params:
            p.grad = sign * 2 * (p.detach() - 1)
        optimizer.step()
    ends.append(value() - first)
assert min(ends) < 0, ends"""

REFUSED = """\
p = torch.zeros(SHAPE).requires_grad_()
try:
    mine(CALL)
except (ValueError, TypeError) as error:
    NAMED
else:
    raise AssertionError("FIELD was accepted")"""

GLOBAL = """\
import random
look = lambda: (torch.get_default_dtype(), torch.get_num_threads(), random.getstate(), torch.get_rng_state().tolist())
before = look()
for _ in run(mine):
    pass
assert before == look()"""

RUN = """\
def set_lr(optimizer, step):
    for group, h in zip(optimizer.param_groups, hyper):
        if "lr" in h and torch.is_tensor(group.get("lr")):
            group["lr"].fill_(h["lr"] * lr_factors[step])
        elif "lr" in h:
            group["lr"] = h["lr"] * lr_factors[step]
        if scheduled:
            group.update({name: scaled(h[name], min(lr_factors[step], 1.0)) for name in scalable})

def scaled(value, factor):
    return tuple(v * factor for v in value) if isinstance(value, tuple) else value * factor

def run(make, start=0, stop=None, params=None, state=None, poison=False):
    params = fresh() if params is None else params
    optimizer = make(groups(params), **hyper[0])
    if state is not None:
        for group in optimizer.param_groups:  # loading must put these back
            group.update({name: scaled(group[name], 0.5) for name in scalable})
        optimizer.load_state_dict(state)
    for step in range(len(gradients))[start:stop]:
        set_lr(optimizer, step)
        for own in optimizer.state.values() if step == 1 and taken else ():
            own["step"] = own["step"] + taken * bool(own["step"])  # as after a longer run
        for p, g in zip(params, gradients[step]):
            p.grad = None if g is None else g.clone()
        optimizer.step()
        if poison:
            for p in params:
                p.grad.fill_(float("nan"))
        yield params, optimizer

def look(params, optimizer, name):
    slot, _, p = name.rpartition(" of ")
    p = params[int(p[len("params["):-1])]
    return torch.as_tensor(optimizer.state[p][slot]) if slot else p.detach()"""

CLOSURE = """\
optimizer.step(lambda: sum(float((p.detach() * p.grad).sum()) for p in params if p.grad is not None))"""
"""in place of optimizer.step(), for one that cannot do without"""

WITHIN = """\
for step, (a, b) in enumerate(zip(run(mine), run(reference)), start=1):
    if step == STEP:
        got, expected = look(*a, "{name}")[{index}].item(), look(*b, "{name}")[{index}].item()
        assert abs(got - expected) <= {bound}, (got, expected)"""
"""STEP is filled in by the law; the bound is what rounding explains"""

REFERENCE_OF_GROUPS = """\
def reference(groups, **hyper):
    def of_one_group(params, **hyper):
        return MADE
    own = [{**hyper, **{k: v for k, v in group.items() if k != "params"}} for group in groups]
    first, *rest = [of_one_group(group["params"], **h) for h, group in zip(own, groups)]
    for other in rest:
        first.add_param_group(other.param_groups[0])
        first.state.update(other.state)
    return first"""
"""MADE is the optimizer of one group, from params and **hyper"""
