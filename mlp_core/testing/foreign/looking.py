"""Looks into files in another process, because Python's parser crashes on some. Neither of them imports torch."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from mlp_core.base import forking
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import MissingExtra
from mlp_core.testing.foreign.looked import Looked
from mlp_core.testing.foreign.told import status_of
from mlp_core.testing.report.escape import escaped

GRACE = 5.0
"""seconds that the process has to end after its last word"""


def looked_at(files: Sequence[str], shapes: str | None = None) -> Looked:
    """Call `found.looked` in a new process. Raises ArgumentError and MissingExtra as it does, and ArgumentError if the
    process ends without an answer, for example because Python's parser crashes on a file.
    """
    process, ours = forking.started(_look, str(Path.cwd()), list(files), shapes, copied=False)
    try:
        with ours:
            answer = ours.recv_bytes()
    except EOFError:
        process.join(GRACE)
        words = f"files that Python can parse; the process that looked into them ended ({status_of(process.exitcode)})"
        raise ArgumentError("subject", Described(escaped(", ".join(files))), words) from None
    finally:
        process.terminate()
        process.join()
        process.close()
    match json.loads(answer):
        case {"error": [argument, shown, expected, brief, paste]}:
            raise ArgumentError(argument, Described(shown), expected, brief=brief, paste=paste)
        case {"missing": [words, library]}:
            raise MissingExtra(words, name=library)
    return Looked.of_json(answer)


def _look(connection: Connection, folder: str, files: list[str], shapes: str | None) -> None:
    if hasattr(os, "setsid"):
        os.setsid()  # so that Ctrl-C reaches only the process that asked
    from mlp_core.testing.foreign.found import looked

    os.chdir(folder)  # names stay relative to it; a new process is not always in the folder of the asking one
    try:
        answer = looked(files, shapes).to_json()
    except ArgumentError as error:
        said = error.argument, str(error.shown), error.expected, error.brief, error.paste
        answer = json.dumps({"error": said})
    except MissingExtra as error:
        answer = json.dumps({"missing": [str(error), error.name]})
    connection.send_bytes(answer.encode())
