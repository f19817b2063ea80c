"""The pages of what registers itself: every update rule, every activation and loss, made of the code."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import fields
from pathlib import Path

from mlp_core import activations, losses, rules
from mlp_core.rules import UpdateRule
from mlp_core.rules._domains import domains


def rules_page() -> str:
    """Every rule: its formula and source, its hyperparameters with their domains, its state; in Markdown."""
    parts = ["# Every update rule\n", 'Get a rule by its name: `mlp_core.rules.get("adam")(lr=1e-3)`.\n']
    for name in rules.names():
        rule = rules.get(name)
        parts += [f"## {name}\n", f"```text\n{formula_and_words(rule)}\n```\n"]
        parts += ["| hyperparameter | domain | default |", "| --- | --- | --- |"]
        of = domains(rule)
        parts += [f"| {f.name} | {', '.join(map(str, of[f.name]))} | {f.default!r} |" for f in fields(rule)]
        slots = ", ".join(rule.slots) or "none"
        parts.append(f"\nState: {slots}. Claims: {', '.join(sorted(rule.claims)) or 'none'}.\n")
    return "\n".join(parts)


def formula_and_words(rule: type[UpdateRule]) -> str:
    """A rule's docstring: a formula a line, and words no wider than a page."""
    lines = []
    for paragraph in (inspect.getdoc(rule) or "").split("\n\n"):
        for part in " ".join(paragraph.rstrip(";").split()).split("; "):
            lines += textwrap.wrap(part, 84, subsequent_indent="    " * ("<-" in part))
    return "\n".join(lines)


def records_page() -> str:
    """Every activation and loss, with what its record says of it, in Markdown."""
    lines = [
        "# Every activation and loss\n",
        '`mlp_core.activations.get("relu")`, `mlp_core.losses.get("mse")`. *To the bit*: the same bits as autograd.\n',
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
