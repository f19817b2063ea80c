"""Lines to paste that hand a training function what the laws hand it."""

from __future__ import annotations

from typing import Any

from mlp_core.testing.engine.source import import_of

ARGUMENTS = {
    "model": "model", "loss": "loss", "loader": "loader(x, y)", "x": "x", "y": "y", "epochs": "epochs", "lr": "lr",
    "momentum": "momentum", "decay": "weight_decay", "batch_size": "batch_size", "clip": "clip",
    "accumulation": "accumulation", "device": 'torch.device("cpu")', "verbose": "False",
    "validation": "validation",
    "optimizer": "torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum, weight_decay=weight_decay)",
}  # fmt: skip
"""what is handed over for a role, as a line of Python has it"""


def lines_of(subject: Any, example: Any, closing: str) -> str:
    """Lines that build a run, define `trained(...)`, which calls the function, and end with `closing`."""
    idle = ("verbose", "device", "validation")
    wanted = [r for r in subject.roles if not (r in idle and r in subject.optional)]
    call = [f"{subject.roles[r]}={ARGUMENTS[r]}" for r in wanted]
    call += [f"{name}={value!r}" for name, value in subject.given.items()]
    more = subject.roles.get("validation") if "validation" not in wanted else None
    call += [f"**({{}} if validation is None else {{{more!r}: validation}})"] if more else []
    name = getattr(subject.train, "__name__", "yours")
    space = [f"    {name}.__globals__.update({g}={ARGUMENTS[r]})" for g, r in subject.around.items()]
    again = "" if subject.takes("epochs") else "for _ in range(epochs): "
    return "\n".join([
        "import torch", *import_of(subject.train), "", *example.setup(),
        f"def trained(epochs={example.epochs}, x=data()[0], y=data()[1], validation=None):",
        "    model = net()",
        *([] if more else ["    validation = loader(2 * x + 1, y) if validation is None else validation"]),
        *space,
        f"    {again}returned = {name}({', '.join(call)})",
        "    if all(torch.equal(p, q) for p, q in zip(model.parameters(), net().parameters())):",
        "        several = returned if isinstance(returned, (tuple, list)) else [returned]",
        "        model = next((m for m in several if isinstance(m, torch.nn.Module)), model)",
        "    return model, returned", "", closing or "trained()",
    ])  # fmt: skip
