"""Shared by the commands: exit statuses, and one-line messages for errors that the user can correct."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
import typer.core

from mlp_core.base.errors import ArgumentError

OK, DIFFERENT, USAGE, UNTESTED, INTERRUPTED = 0, 1, 2, 3, 130
"""exit statuses; 1: a law fails, or two runs that should be equal differ; 3: no law fails, but the subject is not shown
to be right; 130 as for every program ended by Ctrl-C"""


@contextmanager
def usage_errors() -> Iterator[None]:
    """Turns errors that the user can correct into one line on stderr and exit status 2. Lines that the user can copy
    follow it unchanged.
    """
    from mlp_core.base.extras import MissingExtra

    try:
        yield
    except (ArgumentError, MissingExtra) as error:
        line, paste = (error.brief or error.line, error.paste) if isinstance(error, ArgumentError) else (str(error), "")
        typer.echo(f"error: {_shown(' '.join(line.split()))}", err=True)
        if paste:
            typer.echo("\n" + "\n".join(map(_shown, paste.splitlines())) + "\n", err=True)
        raise typer.Exit(USAGE) from error


IMAGES = (
    "For example: {command} --data cifar2 --out run. This downloads CIFAR-10 (170 MB). For images of your own, use "
    "--data folder:PATH, where PATH has one subfolder of images per class."
)


class OnImages(typer.core.TyperCommand):
    """A command whose message about a missing option shows a command that works."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = error.message or IMAGES.format(command=ctx.command_path)  # a missing option has no words
            raise


def _shown(line: str) -> str:
    """A line without characters that a terminal cannot show, such as a file name may contain."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def begins(command: str, needs: str) -> None:
    """Say that a command has begun, before it imports the module `needs`, which takes seconds."""
    if needs not in sys.modules:
        typer.echo(f"mlp-core {command}: loading", err=True)


def processors() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def whole(text: str) -> int:
    """The number that a user typed for an option. Raises typer.BadParameter, which names the option."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"got {text!r}, expected a whole number") from None


def whole_number(help: str, **more: Any) -> Any:  # noqa: A002  (as typer calls it)
    """An option that is a whole number; more: what typer.Option takes besides."""
    return typer.Option(parser=whole, metavar="<int>", help=help, **more)


def widths(text: str) -> tuple[int, ...]:
    """"512,128" as (512, 128); an empty text as no hidden layer."""
    try:
        return tuple(int(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        raise ArgumentError("hidden", text, "positive integers separated by commas") from None
