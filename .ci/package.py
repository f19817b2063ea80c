"""Compares the published files with the sources: `python .ci/package.py DIST CHECKOUT`.

DIST: a folder with an sdist and the wheel built from it; CHECKOUT: a folder with the wheel built from this checkout.
Prints one line per error, and then exits with status 1. `nox -s package` runs it.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

IN_THE_WHEEL_BESIDE = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
IN_THE_SDIST_BESIDE = {"PKG-INFO", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"}
"""further files in the sdist, for builds and readers (hatchling adds .gitignore, the list of excluded files)"""


def sources() -> set[str]:
    """The files of the package that git would add: code, py.typed, the templates of the pages."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "mlp_core"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603  (ours)
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


def differing(what: str, found: set[str], expected: set[str]) -> Iterator[str]:
    """The additional and the missing files, in words."""
    yield from (f"{what}: {name} should not be there" for name in sorted(found - expected))
    yield from (f"{what}: {name} is missing" for name in sorted(expected - found))


def wrong_in_the_metadata(metadata: Message) -> Iterator[str]:
    """The metadata that differs from pyproject.toml."""
    urls = {f"{name}, {url}" for name, url in PROJECT.get("urls", {}).items()}
    for field, expected in {
        "Name": {PROJECT["name"]},
        "Summary": {PROJECT["description"]},
        "Requires-Python": {PROJECT["requires-python"]},
        "License-Expression": {PROJECT["license"]},
        "License-File": set(PROJECT["license-files"]),
        "Classifier": set(PROJECT["classifiers"]),
        "Provides-Extra": set(PROJECT["optional-dependencies"]),
        "Project-URL": urls,
    }.items():
        yield from differing(field, set(metadata.get_all(field, [])), expected)
    readme = (ROOT / PROJECT["readme"]).read_text(encoding="utf-8").strip()
    body = metadata.get_payload(decode=True)
    if not isinstance(body, bytes) or body.decode().strip() != readme:
        yield f"the description is not {PROJECT['readme']}"


def wrong(dist: Path, checkout: Path) -> Iterator[str]:
    """All errors, in words."""
    (wheel,), (sdist,), (other,) = dist.glob("*.whl"), dist.glob("*.tar.gz"), checkout.glob("*.whl")
    if wheel.name != other.name or wheel.read_bytes() != other.read_bytes():
        yield f"the wheel from the sdist ({wheel.name}) is not that from the checkout ({other.name})"
    package = sources()
    release = sdist.name.removesuffix(".tar.gz")
    with ZipFile(wheel) as zipped:
        about = {f"{release}.dist-info/{name}" for name in IN_THE_WHEEL_BESIDE}
        yield from differing("wheel", set(zipped.namelist()), package | about)
        for name in sorted(package & set(zipped.namelist())):
            if zipped.read(name) != (ROOT / name).read_bytes():
                yield f"wheel: {name} is not that of the checkout"
        yield from wrong_in_the_metadata(message_from_bytes(zipped.read(f"{release}.dist-info/METADATA")))
    with tarfile.open(sdist) as packed:
        found = {member.name.removeprefix(f"{release}/") for member in packed.getmembers() if not member.isdir()}
    yield from differing("sdist", found, package | IN_THE_SDIST_BESIDE)
    if "Typing :: Typed" not in PROJECT["classifiers"] or "mlp_core/py.typed" not in package:
        yield "mlp_core has types: py.typed and the classifier say so"


def main() -> None:
    found = list(wrong(*map(Path, sys.argv[1:])))
    if found:
        sys.exit("\n".join(found))
    print("the sdist and the wheel are what the sources say")


if __name__ == "__main__":
    main()
