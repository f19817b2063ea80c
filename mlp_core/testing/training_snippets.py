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

STEPS = """\
got = fit(model, x, y, rule=rule, **options).step_losses.shape
assert got == ({steps},), got"""

LOSS_OF_A_STEP = """\
got = fit(model, x, y, rule=rule, **options).step_losses[{index}].item()
assert got == {expected}, got"""

WEIGHT = """\
fit(model, x, y, rule=rule, **options)
got = dict(model.named_parameters())["{name}"][{index}].item()
assert got == {expected}, got"""

LOSS_ENTRY = """\
got, expected = (losses[{index}].item() for losses in (history.step_losses, step_losses))
assert abs(got - expected) <= {bound}, (got, expected)"""

CALL = """\
fit(model, x, y, rule=rule, **options)
fit(model, x, y, rule=rule, shuffle=True, generator=torch.Generator().manual_seed(1), **options)"""

EPOCH = """\
still = rules.get("sgd")(lr=0.0)
options = {**options, "epochs": 6, "batch_size": 1}
history = fit(model, x, y, rule=still, shuffle=True, **options)
alone = torch.stack([loss.value(model(x[i : i + 1]), y[i : i + 1]).detach() for i in range(len(x))])
epochs = history.step_losses.split(len(x))
for epoch in epochs:
    assert torch.equal(epoch.sort().values.nan_to_num(), alone.sort().values.nan_to_num()), (epoch, alone)
assert len(epochs) == 6, len(epochs)
alike = all(torch.equal(epochs[0], epoch) for epoch in epochs)
assert len(alone.unique()) < len(x) or not alike, "the same order in every epoch\""""

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
    made = torch.Generator().manual_seed(seed)
    history = fit(model, x, y, rule=rule, shuffle=True, generator=made, **options)
    assert not history.step_losses.requires_grad and not history.epoch_losses.requires_grad, "keeps the graph"
    ends.append(model.flat.clone())
assert torch.equal(*(end.nan_to_num() for end in ends)), ends
assert torch.equal(numbers, torch.get_rng_state()), "drew from torch's global random state"
assert torch.equal(x, before[0]) and torch.equal(y, before[1]), "changed its data\""""

SCHEDULED = """\
def rate(step):
    return rule.lr / (1 + step)
def schedule(step):
    return type(rule)(lr=rate(step), momentum=rule.momentum)
""" + TWIN.replace("rule=rule, ", "rule=schedule, ").replace(
    "        optimizer.step()\n",
    '        optimizer.param_groups[0]["lr"] = rate(len(step_losses))\n        optimizer.step()\n',
)

SAME = """\
def same(what, got, expected):
    equal = got.shape == expected.shape and torch.equal(got.nan_to_num(), expected.nan_to_num())
    assert equal, (what, got, expected)
"""

RESUMED = """\
def schedule(step):
    return __import__("dataclasses").replace(rule, lr=rule.lr / (1 + step))
def run(model, epochs, seed, **more):
    made = torch.Generator().manual_seed(seed)
    own = {**options, "epochs": epochs, **more}
    return fit(model, x, y, rule=schedule, shuffle=True, generator=made, **own)
copied, epochs, heard = __import__("copy").deepcopy, options["epochs"], []
whole, first, second = copied(model), copied(model), copied(model)
expected = run(whole, epochs + 2, 1)
begun = run(first, epochs, 1)
run(first, 1, 1, start=begun.checkpoint)
ended = run(second, 2, 2, start=begun.checkpoint, on_epoch=lambda epoch, loss: heard.append(epoch))
same("step losses", torch.cat([begun.step_losses, ended.step_losses]), expected.step_losses)
same("epoch losses", torch.cat([begun.epoch_losses, ended.epoch_losses]), expected.epoch_losses)
same("weights", second.flat, whole.flat)
assert heard == [epochs, epochs + 1], heard"""

WATCHED = """\
unseen, heard = __import__("copy").deepcopy(model), []
def watch(epoch, epoch_loss):
    torch.rand(3)
    heard.append((epoch, epoch_loss, model.flat.clone(), loss.value(model(x), y).item(), model.flat_grad.clone()))
    return epoch_loss
def run(model, **more):
    return fit(model, x, y, rule=rule, shuffle=True, generator=torch.Generator().manual_seed(1), **options, **more)
expected = run(unseen)
with torch.random.fork_rng():
    history = run(model, on_epoch=watch)
same("step losses", history.step_losses, expected.step_losses)
same("weights", model.flat, unseen.flat)
assert [epoch for epoch, *_ in heard] == list(range(options["epochs"])), heard
same("losses heard", torch.tensor([call[1] for call in heard], dtype=x.dtype), history.epoch_losses)
same("weights at the last call", heard[-1][2], model.flat)"""
