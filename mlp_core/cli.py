"""The command line, `mlp-core`. What is heavy is imported inside the commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mlp_core.base import forking
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.experiment import options
from mlp_core.experiment.command import search
from mlp_core.experiment.usage import DIFFERENT, INTERRUPTED, OK, UNTESTED, begins, processors, usage_errors, widths

app = typer.Typer(
    help="A multi-layer perceptron by hand, and the laws it must obey.",
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
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options of the program itself; without a callback typer would fold a single command into it."""


@contextmanager
def working_folder_importable() -> Iterator[None]:
    """Inside, package.module:Name is looked for in the working folder first, as `python -m` would."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


@contextmanager
def working_folder_left_out() -> Iterator[None]:
    """Inside, nothing is imported from the working folder, in which other people's files may lie under any name; but
    for this package, if it is there."""
    import mlp_core

    before, folder = list(sys.path), Path.cwd()
    if folder != Path(mlp_core.__file__).parents[1]:
        sys.path[:] = [path for path in sys.path if path not in ("", ".", str(folder))]
    try:
        yield
    finally:
        sys.path[:] = before


def _import_for_files(names: list[str]) -> None:
    """Start the process that those of files are copied from, before this one imports torch: both do so at once.

    A name that is neither a file nor a folder is left to the errors of `verify`.
    """
    paths = [Path(name if Path(name).exists() else name.rpartition(":")[0] or name) for name in names]
    if paths and all(map(Path.exists, paths)):
        with working_folder_left_out():
            forking.begin()


@app.command()
def verify(
    subject: Annotated[
        list[str] | None,
        typer.Argument(
            help="Scripts, notebooks or folders of them, each with :NAME or without; package.module:Name; or names of "
            "the core's (see --list). All of the core's, if none."
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="The largest batch that must be right, in files.", show_default="1 for the course's functions"
        ),
    ] = None,
    examples: Annotated[int | None, typer.Option(help="Generated examples a law.", show_default="100")] = None,
    seed: Annotated[str, typer.Option(help='A whole number, or "random".')] = "0",
    jobs: Annotated[int | None, typer.Option(help="Processes to use.", show_default="one a processor")] = None,
    database: Annotated[
        Path | None,
        typer.Option(help="Folder of failing examples, tried first; new ones are kept there. Not for files."),
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="File of hand-ins that are done, to go on from.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the report to this file.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Also write it for CI, as JUnit's XML.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write a table, one row a subject.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page for people, with the failures drawn.")] = None,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Run each script or notebook in a sandbox of bubblewrap (Linux).")
    ] = False,
    all_of_it: Annotated[
        bool, typer.Option("--all", help="Print every law and every failure, also where a subject fails.")
    ] = False,
    shapes: Annotated[
        str | None,
        typer.Option(
            help="Shapes of the arguments of one definition of a file, in place of those found by trying: "
            "'(n,d),(d,h); stride=2'."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List what can be verified, and stop.")] = False,
) -> None:
    """Check a backpropagation or an update rule against every law, on generated examples.

    Exit status: 0 all lawful, 1 a law is broken, 2 bad usage, 3 no law is broken, but one could not be tested (not
    shown to be right), 130 interrupted: reports then hold what was done.
    """
    with usage_errors():
        begins("verify", "hypothesis")
        if not isolated:
            _import_for_files(subject or [])
        from mlp_core.base.extras import need

        for module in ("jinja2", "matplotlib.figure") if html is not None else ():
            need(module, "report")
        from rich.console import Console

        from mlp_core.base.files import output_folder, write_all
        from mlp_core.testing.engine.database import FILES_KEEP_NONE
        from mlp_core.testing.report.names import is_in_file
        from mlp_core.testing.report.report import Report
        from mlp_core.testing.verification.hand_ins import verify_hand_ins
        from mlp_core.testing.verification.names import default_subjects
        from mlp_core.testing.verification.parallel import FORKS
        from mlp_core.testing.verification.terminal import announce, list_subjects, verify_live
        from mlp_core.testing.verification.verify import check_examples, seed_of

        check_examples(examples)
        console = Console()
        if show:
            list_subjects(console)
            return
        announce(console)
        number = seed_of(seed if seed == "random" else _whole("seed", seed))
        names, processes = subject or default_subjects(), jobs if jobs is not None else processors() if FORKS else 1

        def verified() -> Report:
            if any(map(is_in_file, names)):
                if database is not None:
                    raise ArgumentError("database", str(database), FILES_KEEP_NONE)
                with working_folder_left_out():
                    return verify_hand_ins(
                        console, names, examples=examples, seed=number, jobs=processes, batch_size=batch_size,
                        isolated=isolated, resume=resume, all_of_it=all_of_it, shapes=shapes,
                    )  # fmt: skip
            given = {"isolated": isolated, "resume": resume is not None, "shapes": shapes is not None}
            for option in (name for name, one in given.items() if one):
                raise ArgumentError(option, Described(f"--{option}"), "scripts, notebooks or folders of them")
            with working_folder_importable():
                return verify_live(
                    console, names, examples=examples, seed=number, jobs=processes, database=database,
                    all_of_it=all_of_it,
                )  # fmt: skip

        with ExitStack() as folders:  # proven writable before anything runs
            for option, path in {"--json": json, "--junit": junit, "--csv": csv, "--html": html}.items():
                if path is not None:
                    folders.enter_context(output_folder(path.parent, (path.name,), option))
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


@app.command()
def train(
    data: options.Data,
    out: Annotated[Path, typer.Option(help="Output folder: history.json, model.safetensors and loss_curves.png.")],
    gradients: options.Gradients = "manual",
    updates: options.Updates = "manual",
    compare: Annotated[
        bool, typer.Option("--compare", help="Also train with autograd and torch; exit with 1 if any bit differs.")
    ] = False,
    epochs: Annotated[int, typer.Option(help="Number of passes over the training images.")] = 30,
    batch_size: options.BatchSize = 256,
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 0.01,
    momentum: Annotated[float, typer.Option(help="Momentum.")] = 0.0,
    weight_decay: Annotated[float, typer.Option(help="L2 penalty, added to the gradient.")] = 0.0,
    hidden: options.Hidden = "512,128,32",
    activation: options.Activation = "relu",
    loss: options.Loss = "cross_entropy",
    dtype: options.Dtype = "float32",
    seed: Annotated[int, typer.Option(help="Seed for the splits, initial weights and batch order.")] = 0,
    download: options.Download = None,
) -> None:
    """Train a network on images, with gradients and updates by hand or by torch.

    With --compare it also trains the other way, and reports whether the results are bit-identical. Exit status:
    0 success, 1 --compare found a difference, 2 usage error.
    """
    with usage_errors():
        begins("train", "torchvision")
        from rich.console import Console

        from mlp_core.base.extras import need
        from mlp_core.base.files import output_folder, write_all
        from mlp_core.experiment.data import check_source
        from mlp_core.experiment.results import FILES, writers
        from mlp_core.experiment.show import load_images, say, train_and_compare
        from mlp_core.experiment.train import Options

        asked = Options(
            gradients=gradients, updates=updates, epochs=epochs, batch_size=batch_size, lr=lr, momentum=momentum,  # type: ignore[arg-type]
            weight_decay=weight_decay, hidden=widths(hidden), activation=activation, loss=loss, dtype=dtype,
            seed=seed,
        )  # fmt: skip
        check_source(data)
        for module in ("torchvision.datasets", "safetensors.torch", "matplotlib.figure"):
            need(module)
        with output_folder(out, FILES) as folder:
            console = Console()
            images = load_images(console, data, asked, download)
            try:
                run, reference, comparison = train_and_compare(console, asked, images, compare)
            except KeyboardInterrupt:
                say(console, "interrupted: nothing is written")
                raise typer.Exit(INTERRUPTED) from None
            for path in write_all(folder, writers(data, asked, images, run, reference, comparison)):
                say(console, f"wrote {path}")
    if comparison is not None and not comparison.identical:
        raise typer.Exit(DIFFERENT)


app.command()(search)
