"""Lines to paste that hand a training function what the laws hand it."""

from __future__ import annotations

from typing import Any

from mlp_core.testing.engine.source import import_of

ARGUMENTS = {
    "model": "model", "loss": "loss", "loader": "loader(x, y)", "x": "x", "y": "y", "epochs": "epochs", "lr": "lr",
    "momentum": "momentum", "decay": "weight_decay", "batch_size": "batch_size", "clip": "clip",
    "accumulation": "accumulation", "device": 'torch.device("cpu")', "verbose": "False",
    "validation": "validation", "seed": "0", "outputs": "net()[-1].out_features", "ema": "0.3", "epoch": "epochs",
    "optimizer": "optimizer", "scheduler": "torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)",
    "loaders": "dict.fromkeys(('train', 'training'), loader(x, y)) | "
    "dict.fromkeys(('val', 'valid', 'validation', 'test'), validation)",
    "sizes": "dict.fromkeys(('train', 'training', 'val', 'valid', 'validation', 'test'), len(x))",
}  # fmt: skip
"""what is handed over for a role, as a line of Python has it"""


def lines_of(subject: Any, example: Any, closing: str) -> str:
    """Lines that build a run, define `trained(...)`, which calls the function, and end with `closing`."""
    idle = ("verbose", "device", "validation", "seed", "scheduler")
    wanted = [r for r in subject.roles if not (r in idle and r in subject.optional)]
    call = [f"{subject.roles[r]}={ARGUMENTS[r]}" for r in wanted]
    call += [f"{name}={value!r}" for name, value in subject.given.items()]
    evaluates = subject.roles.get("validation") if "validation" not in wanted else None
    call += [f"**({{}} if validation is None else {{{evaluates!r}: validation}})"] if evaluates else []
    name = getattr(subject.train, "__name__", "yours")
    space = [f"    {name}.__globals__.update({g}={ARGUMENTS[r]})" for g, r in subject.around.items()]
    index = subject.roles.get("epoch")
    if subject.repeats and index is not None:
        call = [f"{index}=epoch + 1" if one.startswith(f"{index}=") else one for one in call]
    seed = [] if subject.takes("loader") else [
        "    torch.manual_seed(0), __import__('random').seed(0), __import__('numpy').random.seed(0)"
    ]  # fmt: skip
    times = "epochs" if subject.repeats else "1"
    return "\n".join([
        "import torch", *import_of(subject.train), "", *example.setup(),
        f"def trained(epochs={example.epochs}, x=data()[0], y=data()[1], validation=None, **more):",
        "    model = net()", "    optimizer = sgd(model)",
        *([] if evaluates else ["    validation = loader(2 * x + 1, y) if validation is None else validation"]),
        *space, *seed,
        f"    each = [{name}(**(dict({', '.join(call)}) | more)) for epoch in range({times})]",
        "    returned = each if len(each) > 1 and all(isinstance(v, float) for v in each) else each[-1]",
        "    if all(torch.equal(p, q) for p, q in zip(model.parameters(), net().parameters())):",
        "        several = returned if isinstance(returned, (tuple, list)) else [returned]",
        "        model = next((m for m in several if isinstance(m, torch.nn.Module)), model)",
        "    return model, returned", "", closing or "trained()",
    ])  # fmt: skip
