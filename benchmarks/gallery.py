"""The gallery: what each known mistake does to a training curve, and how a report names it.

    python benchmarks/gallery.py            docs/gallery.md and docs/gallery/*.svg
    python benchmarks/gallery.py FOLDER     the same in FOLDER

The curves come from one small network (mistaken/problem.py) and are the same on every run. Each mistake runs in its own
process, because some of them change what others use.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import torch
from mistaken.pictures import svg
from mistaken.problem import Curves
from mistaken.runs import KINDS, curves

from mlp_core.testing import faults
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.report.escape import in_markdown

DOCS = Path(__file__).parent.parent / "docs"

HEAD = """# A gallery of mistakes

Many wrong gradients still train. This page shows what each known mistake does to a training curve. The gray curve is
the correct one, and the red one has the mistake. The vertical axis is the loss on a logarithmic scale. The curves come
from one small problem: 64 samples, a network 2-8-8-2, float64. Training functions train a small module of their laws.
The label in a cell is the activation, or an event during the run. Several settings are tried; the cell shows the first
one in which the curves differ visibly (by more than 12 %).

{same} of the {drawn} mistakes with a curve look the same here. That is the reason for laws: a training curve does not
show these mistakes.

**How the report names a mistake.** For backpropagations and optimizers, the report uses the words of the table, with
the tensor, the entry and the numbers. It does so only if the mistake reproduces everything that the code did, up to
rounding. For all other subjects the report names the failing laws. The last column has a law that must fail.

`python benchmarks/gallery.py` makes this page. [Power](power.md) shows which law catches which mistake.
"""

TITLES = {
    "doors/attention": "Attention",
    "doors/equal_entries": "Gradients where entries are equal",
    "doors/far": "Layers and numbers of unusual size",
    "doors/flow": "Layers: from the output to the inputs",
    "doors/functions": "Functions of torch.autograd",
    "doors/normalising": "Layers that normalise",
    "doors/objects": "Layers as objects that run again",
    "doors/windows": "Layers that use an entry several times",
    "functions": "Gradients of any function",
    "gradchecks/quotients": "Gradient checks: difference quotients",
    "gradchecks/verdicts": "Gradient checks: verdicts",
    "gradients/conduct": "Backpropagation: side effects",
    "gradients/course": "Backpropagation in the form of the course",
    "gradients/derivatives": "Backpropagation: the derivative of the activation",
    "gradients/flow": "Backpropagation: from layer to layer",
    "gradients/last_bits": "Mistakes in the last bits",
    "gradients/products": "Backpropagation: weight and bias gradients",
    "gradients/upstream": "Backpropagation: the gradient of the loss",
    "normalisation": "Normalisation of images",
    "objectives/conduct": "Objectives of boosting libraries: side effects",
    "objectives/derivatives": "Objectives of boosting libraries: gradient and hessian",
    "optimizers/company": "Optimizers: several parameters",
    "optimizers/groups_in_the_field": "Optimizers of published packages: groups and state",
    "optimizers/hooks_in_the_field": "Optimizers of published packages: hooks and closures",
    "optimizers/numbers_in_the_field": "Optimizers of published packages: numbers",
    "optimizers/manners": "Optimizers: side effects and state",
    "optimizers/sizes_in_the_field": "Optimizers of published packages: sizes and dtypes",
    "optimizers/reading": "Optimizers: what they read",
    "records": "Activations and losses",
    "rules/adam": "Update rules: Adam and AdamW",
    "rules/adam_variants": "Update rules: Adamax, NAdam, RAdam",
    "rules/adaptive": "Update rules: Adagrad, Adadelta, RMSprop",
    "rules/conduct": "Update rules: side effects",
    "rules/counting": "Update rules: counting steps",
    "rules/matrices": "Update rules: Adafactor and Muon",
    "rules/memory": "Update rules: state",
    "rules/sgd": "Update rules: SGD and momentum",
    "rules/signs": "Update rules: signs, Rprop, Lion, ASGD",
    "scripts": "Scripts that compare their gradients with autograd",
    "selection": "Selection of a trial",
    "training/averages": "Training functions: averages of the weights",
    "training/decays": "Training functions: what is called weight decay",
    "training/epochs": "Training loops: epochs and order",
    "training/rounds": "Training functions: epochs and batches",
    "training/runs": "Training loops: schedules, resuming, watching",
    "training/steps": "Training loops: steps",
    "training/velocities": "Training functions: momentum and weight decay",
    "twins": "Two functions that should be equal",
    "updates": "Update rules as functions",
}
"""a module of the catalogue that is missing here has its own name for a title"""


def every() -> list[tuple[str, Fault]]:
    """All known mistakes, each with its module."""
    return [
        (kind.__name__.removeprefix("mlp_core.testing.faults.").replace(".", "/"), fault)
        for kind in faults.KINDS for fault in kind.CATALOGUE.faults
    ]  # fmt: skip


def drawn(index: int) -> Curves | None:
    """The effect of one mistake."""
    torch.set_num_threads(1)
    return curves(every()[index][1])


def page(seen: Sequence[Curves | None], folder: Path) -> str:
    """The page in Markdown; its pictures go into a folder beside it."""
    found = [c for c in seen if c is not None]
    same = sum(c.words == "looks the same" for c in found)
    lines = [HEAD.format(same=same, drawn=len(found))]
    both = [(module, fault, c) for (module, fault), c in zip(every(), seen, strict=True)]
    with_curves = {module for module, _, c in both if c is not None}
    both.sort(key=lambda row: row[0] not in with_curves)  # those without a picture last
    numbered = [(number, *row) for number, row in enumerate(both, start=1)]
    for module, several in groupby(numbered, key=lambda row: row[1]):
        rows = list(several)
        title = TITLES.get(module, module)
        lines.append(f"## {title}\n")
        cells = [(number, c) for number, _, _, c in rows if c is not None and c.right]
        if cells:
            name = f"{module.replace('/', '_')}.svg"
            (folder / "gallery").mkdir(exist_ok=True)
            (folder / "gallery" / name).write_text(svg(cells, title), encoding="utf-8")
            lines.append(f"![training curves with these mistakes and without](gallery/{name})\n")
        lines += ["| | mistake | training curve | a law that catches it |", "| ---: | --- | --- | --- |"]
        lines += [
            f"| {number} | {in_markdown(fault.words or fault.name)} | {c.words if c else 'none to show'} "
            f"| {fault.laws[0]} |"
            for number, _, fault, c in rows
        ]
        lines.append("")
    return "\n".join(lines)


def main(folder: Path) -> None:
    torch.optim.SGD([torch.zeros(1)])  # imports torch's compiler, once for all processes
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        seen = []
        for found in pool.imap(drawn, range(len(every()))):
            seen.append(found)
            print(f"{len(seen)} of {len(every())}: {found.words if found else 'no curve'}", flush=True)
    (folder / "gallery.md").write_text(page(seen, folder), encoding="utf-8")
    print(f"{len(seen)} mistakes, {sum(c is not None for c in seen)} with a curve ({', '.join(KINDS)})")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
