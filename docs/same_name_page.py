"""Write docs/same-name.md: rules, and what else a port meets, that have one name in several libraries and are not the
same. `python docs/same_name_page.py` makes it of the data beside this file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from textwrap import fill
from typing import Any

from mlp_core.testing.report.escape import in_markdown

HERE = Path(__file__).parent

HEAD = """# Same name, another rule

Update rules with the same name differ between libraries: a bias correction is missing, eps is under the root, or the
decay is not multiplied by the learning rate. Each row below compares a rule with the optimizer of that name in torch
2.15.0, over ten steps on a 2x3 matrix with changing gradients.

This page is generated from data: `python docs/same_name_page.py`. If an optimizer differs from its reference, the
diagnosis compares it with the rules of other libraries too. It says, for example: "it is Adam as in MLX 0.32.4 (no bias
correction) instead of torch's".

## Rules that a command repeats

The command needs the library (`pip install optax jax keras mlx tinygrad autograd scikit-learn thinc paddlepaddle
numpyro onnx pyensmallen`; for TF.js `npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu`, with its folder
in the variable `NODE_PATH`). `nox -s functional` installs the Python libraries and checks all their rows. "Off by" is
the largest difference in that step, divided by the largest entry of the update. "None" means that no step differs by
more than 1e-5 (1e-4 for libraries with float32 only). The figure in parentheses is the largest difference in all steps.
"""

DIALECTS = """
## Dialects that the diagnosis knows

A *dialect* is another library's version of a rule. `mlp_core/testing/diagnosis/dialects.py` has one record per dialect,
with an update rule that gives the same numbers. A dialect is named only if it reproduces the optimizer in all generated
runs.
"""

EARLIER = """
## Rules from an earlier measurement

These rows were measured in November 2026, and no command of this project repeats them. In each case the library cannot
be installed together with the others, it is not written in Python, or the row needs more than one parameter. Unless a
row says otherwise, steps are in units of the learning rate, with the same gradient in every step. "Source read" means
that the code was not run.
"""

MORE = """
## Other parts of a network

These rows are from the same earlier measurement, and no command repeats them either. Versions: Keras 3.15.1 (jax
0.10.2), optax 0.2.8, MLX 0.32.4, tinygrad 0.14.0, Paddle 3.3.1, MindSpore 2.10.0, scikit-learn 1.9.1, tfjs 4.22.0,
torch 2.15.0.

Results in bold are the least expected ones. An empty cell, or "not run", was not measured. "Source" means that the code
was read and not run. *Translation* says how to get the same numbers from torch, or from the other library; "none" means
that this is not possible.
"""


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def table(columns: list[str], cells: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def repeated() -> list[list[str]]:
    """A row per command."""
    known = tomllib.loads((HERE / "same_name.toml").read_text(encoding="utf-8"))
    found = []
    for row in rows("same_name.jsonl"):
        name = row["row"]
        library, _, rule = name.partition(" ")
        first, worst = row["torch: first step"], row["torch: worst"]
        differs = f"none ({worst:g})" if first is None else f"{first}, off by {_number(row['torch: first off by'])}"
        does = known["does"].get(name, "" if first else "as torch's")
        translation = known["translation"].get(name, "" if first is None else "none")
        if "translation: worst" in row:
            translation += f" ({row['translation: worst']:g})"
        found.append([
            known["versions"][library], f"`{rule}`", differs, in_markdown(does), in_markdown(translation),
            f'`python benchmarks/same_name.py "{name}"`',
        ])  # fmt: skip
    return found


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def page() -> str:
    """The page, in Markdown."""
    from mlp_core.testing.diagnosis.dialects import DIALECTS as KNOWN

    parts = [
        HEAD,
        table(["library", "rule", "first step that differs", "what it does", "translation", "command"], repeated()),
    ]
    parts += [DIALECTS, table(["rule", "version of", "what it does"], [
        [d.right.__name__, in_markdown(d.library), in_markdown(d.words)] for d in KNOWN
    ])]  # fmt: skip
    earlier = [
        [in_markdown(r[key]) for key in ("library", "rule", "first", "does", "translation")]
        for r in rows("same_name_earlier.jsonl")
    ]
    parts += [EARLIER, table(["library", "rule", "first step", "what it does", "translation"], earlier), MORE]
    kind = ""
    for one in json.loads((HERE / "same_name_more.json").read_text(encoding="utf-8")):
        if one["kind"] != kind:
            kind = one["kind"]
            parts.append(f"\n### {kind}\n")
        cells = [[with_bold(cell) for cell in row] for row in one["rows"]]
        columns = [in_markdown(c) or "-" for c in one["columns"]]
        about = f"{fill(in_markdown(one['about']), 120)}\n\n" if "about" in one else ""
        parts.append(f"\n**{in_markdown(one['title'])}**\n\n{about}" + table(columns, cells))
    return "\n".join(parts)


def with_bold(words: str) -> str:
    r"""Markdown in which only **bold** is markup.

    >>> with_bold("**mlx** 2 * x")
    '**mlx** 2 \\* x'
    """
    return in_markdown(words).replace(r"\*\*", "**")


if __name__ == "__main__":
    (HERE / "same-name.md").write_text(page(), encoding="utf-8")
