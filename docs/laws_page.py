"""Generate the page of all laws: the statement of each, why it matters, the known mistakes it must catch."""

from __future__ import annotations

from pathlib import Path

from mlp_core.testing import faults
from mlp_core.testing.engine.law import Law
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.report.escape import in_markdown

HEAD = """# The laws

This page is generated from the code. For each law it gives the statement, why the law matters, and the known mistakes
(`mlp_core/testing/faults/`) that it must catch. `nox -s power` runs each law on each mistake; [Power](power.md) has the
whole matrix.

`mlp_core.testing.laws(subject)` lists the laws of a subject.
"""

KINDS = {
    "GradientSubject": "Laws of a backpropagation",
    "OptimizerSubject": "Laws of an update rule or an optimizer",
    "UpdateSubject": "Laws of a functional update rule",
    "FunctionSubject": "Laws of the gradient of any function",
    "TrainingSubject": "Laws of a training loop",
    "TrainerSubject": "Laws of a function that trains a module of torch",
    "RecordSubject": "Laws of an activation or a loss",
    "GradcheckSubject": "Laws of a gradient check",
    "NormalisationSubject": "Laws of the normalisation of images",
    "SelectionSubject": "Laws of the selection of a trial",
}
"""kinds of subject, in the order of the page; a kind that is missing here comes last, under its class name"""

SHOWN = 6
"""mistakes listed per law"""


def found() -> dict[str, dict[str, tuple[Law, list[str]]]]:
    """Laws by kind of subject and name, each with the words of the mistakes that it must catch."""
    kinds: dict[str, dict[str, tuple[Law, list[str]]]] = {name: {} for name in KINDS}
    for fault in faults.every():
        subject = fault.subject
        of_kind = kinds.setdefault(type(subject).__name__, {})
        for law in laws_of(subject):
            _, mistakes = of_kind.setdefault(law.name, (law, []))
            if law.name in fault.laws:
                mistakes.append(fault.words or fault.name)
    return kinds


def page() -> str:
    """The page, in Markdown."""
    lines = [HEAD]
    for kind, laws in found().items():
        lines.append(f"## {KINDS.get(kind, kind)}\n")
        for name, (law, mistakes) in laws.items():
            lines.append(f"### {name}\n\n**{in_markdown(law.statement)}**\n\n{in_markdown(law.why)}\n")
            if law.beside:
                why = in_markdown(law.beside)
                lines.append(f"Other laws catch these mistakes too. The reason for this one: {why}.\n")
            more = len(mistakes) - SHOWN
            lines.append(f"Must catch{f' {len(mistakes)} mistakes, among them' if more > 0 else ''}:\n")
            lines += [f"- {in_markdown(words)}" for words in mistakes[:SHOWN]]
            lines.append(f"\nIn the code: `{law.function.__module__}.{law.function.__name__}`.\n")
    return "\n".join(lines)


def write(path: Path) -> None:
    """Write the page if it has changed, so that Sphinx does not read it again without need."""
    text = page()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
