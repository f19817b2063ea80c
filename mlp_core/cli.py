"""The command line, `mlp-core`. The commands import slow modules inside, so that --help is fast."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.experiment.command import search
from mlp_core.experiment.train_command import train
from mlp_core.experiment.usage import (
    DIFFERENT,
    INTERRUPTED,
    OK,
    UNTESTED,
    OnImages,
    begins,
    processors,
    usage_errors,
    whole_number,
)


class Commands(typer.core.TyperGroup):
    """The commands. A file or MODULE:NAME without a command is answered with the command that verifies it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if name not in self.commands and (Path(name).exists() or ":" in name):
            ctx.fail(f"No such command {name!r}. To verify it: mlp-core verify {shlex.join(args)}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Commands,
    help="Check hand-written gradients and update rules, or train a multi-layer perceptron that uses them.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False,
)  # fmt: skip


def main() -> None:
    """The entry point of `mlp-core`."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        from mlp_core import __version__

        typer.echo(f"mlp_core {__version__}")
        raise typer.Exit(OK)


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of the program itself; without a callback typer would fold a single command into it."""


@contextmanager
def working_folder_importable() -> Iterator[None]:
    """A context in which package.module:Name is first searched in the working folder, as with `python -m`."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


@contextmanager
def working_folder_left_out() -> Iterator[None]:
    """A context in which nothing is imported from the working folder, because other people's files there may have any
    name. This package is found even if it is in the working folder.
    """
    import mlp_core

    before, folder = list(sys.path), Path.cwd()
    if folder != Path(mlp_core.__file__).parents[1]:
        sys.path[:] = [path for path in sys.path if path not in ("", ".", str(folder))]
    try:
        yield
    finally:
        sys.path[:] = before


@app.command()
def verify(
    subject: Annotated[
        list[str] | None,
        typer.Argument(
            help="Scripts, notebooks or folders, optionally with :NAME; package.module:Name; or names from --list. "
            "Default: backprop, fit and all update rules."
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        whole_number(
            "For scripts and notebooks: the largest batch size that must be correct.",
            show_default="1 for backpropagation(model, y_true, y_pred)",
        ),
    ] = None,
    examples: Annotated[int | None, whole_number("Number of generated examples per law.", show_default="100")] = None,
    seed: Annotated[str, typer.Option(help='Seed of the examples: a whole number, or "random".')] = "0",
    jobs: Annotated[int | None, whole_number("Number of processes.", show_default="one per processor")] = None,
    database: Annotated[
        Path | None,
        typer.Option(
            help="Folder for failing examples: saved ones run first, new ones are saved. Not for scripts and notebooks."
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="File that records finished scripts and notebooks, to continue after an interruption."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the report as JSON to this file.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Also write the report as JUnit XML, for CI.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write a CSV table with one row per subject.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write an HTML page with pictures of failures.")] = None,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Run each script or notebook in a bubblewrap sandbox (Linux).")
    ] = False,
    all_of_it: Annotated[
        bool, typer.Option("--all", help="Print all laws and all failures, instead of one screen per failing subject.")
    ] = False,
    shapes: Annotated[
        str | None,
        typer.Option(
            help="Shapes of the arguments of one definition in a file: '(n,d),(d,h); stride=2'. Without this option, "
            "small shapes are tried."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="Print the names that can be verified, and exit.")] = False,
) -> None:
    """Check gradients, update rules and training functions against every law, on generated examples.

    For example: mlp-core verify hand_in.py

    Exit status: 0 every subject passes; 1 a law fails; 2 usage error;
    3 no law fails, but one could not be tested (not shown to be right);
    130 interrupted (reports then contain the laws that were completed).
    """
    with usage_errors():
        begins("verify", "hypothesis")
        from mlp_core.base.extras import need

        for module in ("jinja2", "matplotlib.figure") if html is not None else ():
            need(module, "report")
        from rich.console import Console

        from mlp_core.base.files import output_folder, write_all
        from mlp_core.testing.report.formats import check_name
        from mlp_core.testing.report.names import is_in_file
        from mlp_core.testing.report.report import Report
        from mlp_core.testing.verification.asked import (
            FILES_KEEP_NONE,
            FORKS,
            announce,
            check_examples,
            check_positive,
            seed_of,
        )

        check_examples(examples)
        console = Console()
        if show:
            from mlp_core.testing.verification.terminal import list_subjects

            list_subjects(console)
            return
        processes = jobs if jobs is not None else processors() if FORKS else 1
        check_positive("jobs", processes)
        check_positive("batch_size", batch_size)
        announce(console)
        number = seed_of(seed if seed == "random" else _whole("seed", seed))

        def verified() -> Report:
            if any(map(is_in_file, subject or [])):
                from mlp_core.testing.verification.hand_ins import verify_hand_ins

                if database is not None:
                    raise ArgumentError("database", str(database), FILES_KEEP_NONE)
                with working_folder_left_out():
                    return verify_hand_ins(
                        console, subject or [], examples=examples, seed=number, jobs=processes, batch_size=batch_size,
                        isolated=isolated, resume=resume, all_of_it=all_of_it, shapes=shapes,
                    )  # fmt: skip
            given = {"isolated": isolated, "resume": resume is not None, "shapes": shapes is not None}
            named = Described(", ".join(subject or ["no file"]))
            for option in (name for name, one in given.items() if one):
                raise ArgumentError(f"--{option}", named, "a script, a notebook or a folder of them")
            from mlp_core.testing.verification.names import default_subjects
            from mlp_core.testing.verification.terminal import verify_live

            with working_folder_importable():
                return verify_live(
                    console, subject or default_subjects(), examples=examples, seed=number, jobs=processes,
                    database=database, all_of_it=all_of_it,
                )  # fmt: skip

        asked = (
            ("--json", json, "JSON"), ("--junit", junit, "JUnit XML"),
            ("--csv", csv, "CSV"), ("--html", html, "HTML"),
        )  # fmt: skip
        with ExitStack() as folders:  # fail before anything runs if a folder is not writable
            for option, path, form in asked:
                if path is not None:
                    check_name(option, path, form)
                    folders.enter_context(output_folder(path.parent, (path.name,), option))
            if database is not None:
                folders.enter_context(output_folder(database, argument="--database"))
            report = verified()
            if json is not None:
                write_all(json.parent, {json.name: lambda path: path.write_text(report.to_json() + "\n")})
            for path, write in ((junit, report.to_junit), (csv, report.to_csv), (html, report.to_html)):
                if path is not None:
                    write(path)
    if not report.ok:
        raise typer.Exit(INTERRUPTED if report.interrupted else UNTESTED if report.untested else DIFFERENT)


def _whole(argument: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ArgumentError(argument, text, 'a whole number or "random"') from None


app.command(cls=OnImages)(train)
app.command(cls=OnImages)(search)
