"""What the commands share: exit statuses, and what the user can mend as one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from mlp_core.base.errors import ArgumentError

OK, DIFFERENT, USAGE, UNTESTED, INTERRUPTED = 0, 1, 2, 3, 130
"""exit statuses; 1: a law broken, or two runs that should be equal are not; 3: no law broken, and yet not shown to be
right; 130 as for every program ended by Ctrl-C"""


@contextmanager
def usage_errors() -> Iterator[None]:
    """Turns what the user can mend into one line on stderr and exit status 2."""
    from mlp_core.base.extras import MissingExtra

    try:
        yield
    except (ArgumentError, MissingExtra) as error:
        words = " ".join(str(error).split())  # a name of a file may have what no terminal can show
        typer.echo(f"error: {''.join(c if c.isprintable() else ascii(c)[1:-1] for c in words)}", err=True)
        raise typer.Exit(USAGE) from error


def begins(command: str, needs: str) -> None:
    """Says that a command has begun, before it imports what takes seconds: the module `needs`."""
    if needs not in sys.modules:
        typer.echo(f"mlp-core {command}: loading", err=True)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def widths(text: str) -> tuple[int, ...]:
    """ "512,128" as (512, 128); nothing at all as no hidden layer."""
    try:
        return tuple(int(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        raise ArgumentError("hidden", text, "positive integers separated by commas") from None
