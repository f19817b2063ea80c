"""The pages of what registers itself: every update rule, every activation and loss, made of the code."""

from __future__ import annotations

from pathlib import Path

from mlp_core import activations, losses, rules

RULE = """## {name}

```{{eval-rst}}
.. autoclass:: {module}.{cls}
   
```
"""


def rules_page() -> str:
    """Every rule, with its formula and its source, in Markdown."""
    parts = ["# Every update rule\n", 'A rule is got by its name: `mlp_core.rules.get("adam")(lr=1e-3)`.\n']
    for name in rules.names():
        rule = rules.get(name)
        parts.append(RULE.format(name=name, module=rule.__module__, cls=rule.__name__))
    return "\n".join(parts)


def records_page() -> str:
    """Every activation and loss, with what its record says of it, in Markdown."""
    lines = [
        "# Every activation and loss\n",
        '`mlp_core.activations.get("relu")`, `mlp_core.losses.get("mse")`. *To the bit*: the derivative has the bits of '
        "autograd's; elsewhere it is held to the derived bound.\n",
        "| activation | kinks | piecewise linear | largest slope | to the bit |",
        "| --- | --- | --- | ---: | --- |",
    ]
    for name in activations.names():
        f = activations.get(name)
        kinks = ", ".join(f"{k:g}" for k in f.kinks) or "none"
        lines.append(f"| {name} | {kinks} | {_yes(bool(f.slopes))} | {f.lipschitz:g} | {_yes(f.exact)} |")
    lines += ["", "| loss | targets |", "| --- | --- |"]
    for name in losses.names():
        loss = losses.get(name)
        targets = "class labels, (B,) int64" if loss.classes else "(B, n)" + (", from 0 to 1" * loss.unit_targets)
        lines.append(f"| {name} | {targets} |")
    return "\n".join(lines) + "\n"


def _yes(it: bool) -> str:
    return "yes" if it else "no"


def write(folder: Path) -> None:
    """Write both pages into `folder`."""
    (folder / "every-rule.md").write_text(rules_page(), encoding="utf-8")
    (folder / "every-record.md").write_text(records_page(), encoding="utf-8")
