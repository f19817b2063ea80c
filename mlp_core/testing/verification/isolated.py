"""The program inside a sandbox: it verifies one hand-in and writes every event to the file descriptor it was given."""

from __future__ import annotations

import json
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from mlp_core.testing.foreign import child
from mlp_core.testing.foreign.limits import Limits
from mlp_core.testing.foreign.sandbox import WORK
from mlp_core.testing.verification.verify import checked


def main(told: str) -> None:
    """Verify one hand-in. told: channel, name, limits and options, as JSON (`sandbox.command`)."""
    asked = json.loads(told)
    connection = Connection(asked["channel"], readable=False)
    limits = Limits(**asked["limits"])
    child.run(connection.send_bytes, asked["name"], Path(WORK), limits, {**asked["options"], "laws": checked})


if __name__ == "__main__":
    main(sys.argv[1])
