"""The lines of a snippet that pass to a training function what the laws pass to it."""

from __future__ import annotations

import re
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
"""the argument for a role, as Python source"""


IDLE = "verbose", "device", "validation", "seed", "scheduler"
"""roles of parameters that keep their default if they have one"""

OWN = "epochs", "x", "y", "validation"
"""the parameters of trained(...)"""


def lines_of(subject: Any, example: Any, closing: str) -> str:
    """Lines that build a run, define `trained(...)`, which calls the function, and end with `closing`. Unused
    definitions are left out.
    """
    text = "\n".join([*_trained(subject, example.epochs, closing), closing or "trained()"])
    for names, lines in reversed(example.setup()):
        if any(re.search(rf"\b{name}\b", text) for name in names.split(", ")):
            text = f"{lines}\n{text}"
    return "\n".join(["import torch", *import_of(subject.train), text])


def _trained(subject: Any, epochs: int, closing: str) -> list[str]:
    wanted = [r for r in subject.roles if not (r in IDLE and r in subject.optional)]
    call = [f"{subject.roles[r]}={ARGUMENTS[r]}" for r in wanted]
    call += [f"{name}={value!r}" for name, value in subject.given.items()]
    evaluates = subject.roles.get("validation") if "validation" not in wanted else None
    if evaluates and "validation=" in closing:
        call.append(f"**({{}} if validation is None else {{{evaluates!r}: validation}})")
    name = getattr(subject.train, "__name__", "yours")
    space = [f"    {name}.__globals__.update({g}={ARGUMENTS[r]})" for g, r in subject.around.items()]
    index = subject.roles.get("epoch")
    if subject.repeats and index is not None:
        call = [f"{index}=epoch + 1" if one.startswith(f"{index}=") else one for one in call]
    more = {one for words in re.findall(r"trained\(([^)]*)\)", closing) for one in re.findall(r"(\w+)=", words)}
    called = f"{name}(**(dict({', '.join(call)}) | more))" if more - {*OWN} else f"{name}({', '.join(call)})"
    rest = ", **more" if more - {*OWN} else ""
    needs = " ".join([*call, *space])
    return [
        f"def trained(epochs={epochs}, x=data()[0], y=data()[1], validation=None{rest}):",
        "    model = net()",
        *["    optimizer = sgd(model)"] * ("optimizer" in needs),
        *["    validation = loader(2 * x + 1, y) if validation is None else validation"]
        * (not evaluates and re.search(r"\bvalidation\b", needs) is not None),
        *space,
        *["    torch.manual_seed(0), __import__('random').seed(0), __import__('numpy').random.seed(0)"]
        * (not subject.takes("loader")),
        *_called(called, repeats=subject.repeats),
        *RETURNED * bool(subject.memo.get("returns a module")),
        "    return model, returned",
    ]


def _called(call: str, *, repeats: bool) -> list[str]:
    if not repeats:
        return [f"    returned = {call}"]
    return [
        f"    each = [{call} for epoch in range(epochs)]",
        "    returned = each if len(each) > 1 and all(isinstance(v, float) for v in each) else each[-1]",
    ]


RETURNED = [
    "    if all(torch.equal(p, q) for p, q in zip(model.parameters(), net().parameters())):",
    "        several = returned if isinstance(returned, (tuple, list)) else [returned]",
    "        model = next((m for m in several if isinstance(m, torch.nn.Module)), model)",
]
"""for a function that leaves the given module unchanged and returns another"""
