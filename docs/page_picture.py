"""The picture of the HTML report, docs/report.png, taken by chromium: `python docs/page_picture.py`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

PICTURE = Path(__file__).parent / "report.png"
SIZE = "1000,1230"
"""pixels"""

README = Path(__file__).parents[1] / "README.md"


def hand_in(folder: Path) -> None:
    """Write the function of README into a folder."""
    block = re.search(r"```python\n(# hand_in\.py\n.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    (folder / "hand_in.py").write_text(block[1], encoding="utf-8")


def page(folder: Path) -> Path:
    """The report on the function of README, as `mlp-core verify --html` writes it."""
    hand_in(folder)
    run = "from mlp_core.cli import main; main()"
    command = [sys.executable, "-c", run, "verify", "hand_in.py", "--batch-size", "8", "--html", "report.html"]
    subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL)  # noqa: S603  (ours; 1: a law fails)
    return folder / "report.html"


def browser() -> str:
    found = which("chromium") or which("chromium-browser") or which("google-chrome")
    if found is None:
        sys.exit("chromium: not found; install it (Debian: apt install chromium)")
    return found


def photograph(html: Path, picture: Path, size: str = SIZE, *options: str) -> None:
    """The top of a page as a picture."""
    options = (*options, "--no-sandbox") if os.geteuid() == 0 else options  # chromium has none for root
    command = [
        browser(), "--headless", "--hide-scrollbars", "--disable-gpu", f"--window-size={size}",
        f"--screenshot={picture}", *options, html.resolve().as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603  (a browser on our own page)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        photograph(page(Path(folder)), PICTURE)
