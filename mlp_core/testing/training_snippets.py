"""The last lines of a snippet, law by law: what a training loop did, and what it should have done."""

from __future__ import annotations

TWIN = """\
twin = __import__("copy").deepcopy(model)
history = fit(model, x, y, rule=rule, **options)
optimizer, step_losses = rule.twin(twin.parameters()), []
for _ in range(options["epochs"]):
    for xb, yb in zip(x.split(options["batch_size"]), y.split(options["batch_size"])):
        optimizer.zero_grad()
        value = loss.value(twin(xb), yb)
        value.backward()
        optimizer.step()
        step_losses.append(value.detach())
step_losses = torch.stack(step_losses)
"""

LOSSES = """\
assert history.step_losses.shape == step_losses.shape, history.step_losses.shape
parted = [s for s, (a, b) in enumerate(zip(history.step_losses, step_losses)) if not (a == b or a != a and b != b)]
assert not parted, (parted[0], history.step_losses[parted[0]], step_losses[parted[0]])
"""

WEIGHTS = """\
for (name, p), q in zip(model.named_parameters(), twin.parameters()):
    assert torch.equal(p.nan_to_num(), q.nan_to_num()), (name, p, q)"""

ENTRY = """\
p, q = (dict(net.named_parameters())["{name}"][{index}].item() for net in (model, twin))
assert abs(p - q) <= {bound}, (p, q)"""

LOSS_ENTRY = """\
got, expected = (losses[{index}].item() for losses in (history.step_losses, step_losses))
assert abs(got - expected) <= {bound}, (got, expected)"""

CALL = """\
fit(model, x, y, rule=rule, **options)
fit(model, x, y, rule=rule, shuffle=True, generator=torch.Generator().manual_seed(1), **options)"""

EPOCH = """\
still = rules.get("sgd")(lr=0.0)
options = {**options, "epochs": 2, "batch_size": 1}
history = fit(model, x, y, rule=still, shuffle=True, **options)
alone = torch.stack([loss.value(model(x[i : i + 1]), y[i : i + 1]).detach() for i in range(len(x))])
for epoch in history.step_losses.split(len(x)):
    assert torch.equal(epoch.sort().values.nan_to_num(), alone.sort().values.nan_to_num()), (epoch, alone)"""

WEIGHED = """\
history = fit(model, x, y, rule=rule, **options)
sizes = [len(part) for part in x.split(options["batch_size"])] * options["epochs"]
assert len(history.step_losses) == len(sizes), history.step_losses
weights = torch.tensor(sizes, dtype=x.dtype)
expected = (history.step_losses * weights).view(options["epochs"], -1).sum(1) / len(x)
assert (history.epoch_losses - expected).abs()[{index}].item() <= {bound}, (history.epoch_losses, expected)"""

SEED = """\
ends, numbers, before = [], torch.get_rng_state(), (x.clone(), y.clone())
start = model.flat.clone()
for seed in (1, 1):
    model.flat.copy_(start)
    fit(model, x, y, rule=rule, shuffle=True, generator=torch.Generator().manual_seed(seed), **options)
    ends.append(model.flat.clone())
assert torch.equal(*(end.nan_to_num() for end in ends)), ends
assert torch.equal(numbers, torch.get_rng_state()), "drew from torch's global random state"
assert torch.equal(x, before[0]) and torch.equal(y, before[1]), "changed its data\""""
