"""The power of the battery: every known mistake before every law of its kind.

A mistake must be caught by each law that it names. A law that catches nothing alone must say why it is kept (`beside`).
Laws that a mistake does not name get OTHERS examples of it: "alone" means that none of them saw it in those.

    python benchmarks/power.py                          the matrix, in docs/power.md; exit 1 if it has a hole
    python benchmarks/power.py adam sgd                 only these modules of the catalogue, printed
    python benchmarks/power.py forgets_the_derivative   only this mistake

A law is judged as a whole if no mistake that could meet it is left out.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from hypothesis import Phase, settings
from rich.console import Console
from rich.progress import track

from mlp_core.base.errors import ArgumentError
from mlp_core.experiment.usage import usage_errors
from mlp_core.testing import faults
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.law import Law
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.report.escape import in_markdown

OTHERS = 20
"""examples for a law that a mistake does not name"""

HEADS = {
    "form": ("Forward and backward functions", "The backward of two functions, or of a layer class, is checked."),
    "functionform": ("Autograd functions", "A `torch.autograd.Function` is called as autograd calls it."),
    "function": ("A loss and its gradient", "A hand-written gradient of a loss of tensors is checked."),
    "gradcheck": ("Gradient checks", "A gradient check, a function that judges gradients, is itself checked."),
    "gradient": ("Gradients of this project's network", "A function computes the gradients of an `MLP`."),
    "course": ("Backpropagation of the course", "A function `backpropagation(model, y_true, y_pred)` is checked."),
    "optimizer": ("Update rules and optimizers", "A rule of mlp_core, or a `torch.optim.Optimizer`, is checked."),
    "training": ("The training loop", "A function trains an `MLP`, as `fit` does."),
    "normalisation": ("Normalisation of images", "A function normalises the training, validation and test images."),
    "objective": ("Objectives of gradient boosting", "A function returns the derivatives by the raw score."),
    "record": ("Activations and losses", "A record holds an activation or a loss with its derivative."),
    "script": ("Scripts", "A script computes gradients by hand, and calls `loss.backward()`."),
    "selection": ("Selection of a trial", "A function chooses the best trial of a search over hyperparameters."),
    "trainer": ("Training functions", "A function trains a `torch.nn.Module`."),
    "twin": ("Two functions that must agree", "A function is compared with a reference that takes the same arguments."),
    "update": ("Update rules of a course", "An update rule on arrays, dicts or lists is checked."),
}  # fmt: skip
"""per kind of subject: the title of its section, and the code that is checked"""

PAGE = Path(__file__).parent.parent / "docs" / "power.md"
EVERY = [
    (kind.__name__.removeprefix("mlp_core.testing.faults.").replace(".", "/"), fault)
    for kind in faults.KINDS for fault in kind.CATALOGUE.faults
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """The verdicts of the laws on one mistake."""

    module: str
    name: str
    words: str
    kind: str
    named: tuple[str, ...]
    caught: tuple[str, ...]

    @property
    def missed(self) -> tuple[str, ...]:
        return tuple(law for law in self.named if law not in self.caught)


def kind_of(fault: Fault) -> str:
    """The kind of subject in which the mistake is made."""
    return type(fault.subject).__name__.removesuffix("Subject").lower()


def row(index: int) -> Row:
    """One mistake before all its laws; nothing is shrunk and nothing diagnosed."""
    module, fault = EVERY[index]
    with torch.random.fork_rng():
        caught = [law.name for law in laws_of(fault.subject) if _catches(law, fault)]
    return Row(module, fault.name, fault.words, kind_of(fault), fault.laws, tuple(caught))


def _catches(law: Law, fault: Fault) -> bool:
    examples = fault.examples if law.name in fault.laws else OTHERS
    return engine.run(law, examples=examples).verdict == "FAIL"


def chosen(names: Collection[str]) -> list[int]:
    """The mistakes of these modules or of these names; all, if none is named.

    Raises ArgumentError for a name that is neither.
    """
    modules = list(dict.fromkeys(module for module, _ in EVERY))
    for name in {*names} - {*modules} - {fault.name for _, fault in EVERY}:
        raise ArgumentError("name", name, f"a module of the catalogue ({', '.join(modules)}) or a mistake in one")
    return [i for i, (module, fault) in enumerate(EVERY) if not names or module in names or fault.name in names]


def matrix(wanted: Iterable[int], jobs: int, console: Console) -> list[Row]:
    """The rows of the mistakes wanted, by several processes."""
    settings.register_profile("power", phases=[Phase.generate])
    settings.load_profile("power")
    torch.optim.SGD([torch.zeros(1)])  # imports torch's compiler, once for all workers
    torch.set_num_threads(1)
    numbers = list(wanted)
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as pool:
        found = pool.map(row, numbers)
        return list(track(found, "mistakes", total=len(numbers), console=console))


def holes(rows: list[Row], wanted: Collection[int]) -> list[str]:
    """The errors in the matrix of the wanted mistakes: a mistake that its law does not catch, a law that catches
    nothing, or one that catches nothing alone and does not say why it is kept."""
    found = [f"{r.module}: {r.name} is not caught by: {law}" for r in rows for law in r.missed]
    every = {law.name: law for _, fault in EVERY for law in laws_of(fault.subject)}
    for index in {*range(len(EVERY))} - {*wanted}:
        for law in laws_of(EVERY[index][1].subject):
            every.pop(law.name, None)
    alone, caught = {law for r in rows if len(r.caught) == 1 for law in r.caught}, {x for r in rows for x in r.caught}
    found += [f"catches nothing: {name}" for name in every if name not in caught]
    return found + [
        f"catches nothing alone, and does not say why it is kept: {name}" for name, law in every.items()
        if name in caught and name not in alone and not law.beside
    ]  # fmt: skip


def page(rows: list[Row], seconds: float) -> str:
    """The matrix as Markdown: a table of laws for every kind of thing, then every mistake with the laws that saw it."""
    named = sum(len(r.named) for r in rows)
    summary = (
        f"There are {len(rows)} known mistakes. Each of them has one or more laws that must catch it, which makes "
        f"{named} pairs of a mistake and a law. In {named - sum(len(r.missed) for r in rows)} of these pairs the law "
        f"caught the mistake. `nox -s power` made this page in {seconds / 60:.1f} minutes."
    )
    columns = (
        "Each section has two tables. The first has a row per law. *Must catch* is the number of mistakes that the law "
        "must catch, *catches* the number that it caught, and *alone* the number that no other law caught. *Kept "
        "because* is the reason to keep a law that caught no mistake alone. The second table has a row per mistake. "
        f"Laws that need not catch a mistake ran on {OTHERS} examples of it."
    )
    lines = ["# Power: which law catches which mistake", "", summary, "", columns]
    beside = {law.name: law.beside for _, fault in EVERY for law in laws_of(fault.subject)}
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for one in rows:
        by_kind[one.kind].append(one)
    for kind, several in by_kind.items():
        lines += [
            "",
            f"## {HEADS[kind][0]}",
            "",
            HEADS[kind][1],
            "",
            "| law | must catch | catches | alone | kept because |",
            "| --- | ---: | ---: | ---: | --- |",
        ]
        for law in dict.fromkeys(law for r in several for law in (*r.named, *r.caught)):
            counts = [
                sum(law in r.named for r in several), sum(law in r.caught for r in several),
                sum(r.caught == (law,) for r in several),
            ]  # fmt: skip
            why = beside.get(law, "**no law of this kind has this name**") if not counts[2] else ""
            lines.append(f"| {law} | {' | '.join(map(str, counts))} | {why} |")
        lines += ["", "| mistake | must be caught by | other laws that caught it |", "| --- | --- | ---: |"]
        for r in several:
            words = in_markdown(r.words)
            lines.append(f"| {words} | {', '.join(r.named)} | {len(set(r.caught) - set(r.named))} |")
    return "\n".join(lines) + "\n"


def main(names: Annotated[list[str] | None, typer.Argument()] = None, jobs: int = 2) -> None:
    """Put every known mistake, or those of some modules or some names, before every law."""
    console, begin = Console(), time.perf_counter()
    with usage_errors():
        wanted = chosen(names or [])
    rows = matrix(wanted, jobs, console)
    text = page(rows, time.perf_counter() - begin)
    found = holes(rows, wanted)
    if names:
        console.print(text, soft_wrap=True, markup=False)
    else:
        partial = PAGE.with_suffix(".partial")
        partial.write_text(text)
        partial.replace(PAGE)
    for hole in found:
        console.print(hole, soft_wrap=True, markup=False)
    console.print(f"{len(rows)} mistakes, {len(found)} holes, {time.perf_counter() - begin:.0f} s")
    raise typer.Exit(1 if found else 0)


if __name__ == "__main__":
    typer.run(main)
