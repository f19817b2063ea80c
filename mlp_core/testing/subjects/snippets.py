"""The lines of a snippet that run an optimizer."""

from __future__ import annotations

RUN = """\
def set_lr(optimizer, step):
    for group, h in zip(optimizer.param_groups, hyper if len(hyper) > 1 else hyper * len(optimizer.param_groups)):
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
