"""Where a search is kept: one folder, for one study, one command at a time."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import need
from mlp_core.base.files import write_all
from mlp_core.experiment.crew import SPLITS, TRIALS
from mlp_core.experiment.lives import WORKERS
from mlp_core.experiment.storages import JOURNAL, named_when_damaged, open_storage, shown
from mlp_core.experiment.study import SEAL, agree, exists

BELONGS, RESULT, MODEL, LOCK = "search.json", "result.json", "model.safetensors", "search.lock"
"""which study a folder is for; what it found, the last file to be written; the network that was selected; held by the
command that is at work"""


@dataclass(frozen=True)
class Place:
    """The folder of a search, the URL of its storage (None: a journal in the folder) and its name there."""

    folder: Path
    url: str | None
    name: str

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, no other command works in the folder. Raises ArgumentError where one does."""
        lock = FileLock(self.folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            value = Described(f"{self.folder}, where another command is at work")
            raise ArgumentError("out", value, "a folder of its own, or --workers for more of them") from None
        try:
            yield
        finally:
            if not (self.folder / BELONGS).exists():  # it came to nothing, which leaves nothing
                (self.folder / LOCK).unlink(missing_ok=True)
            lock.release()

    def check(self, resume: bool, files: tuple[str, ...]) -> None:
        """Raises ArgumentError where the folder belongs to another study, holds anything by the names of a search that
        is none of a search's, or a search is there already and `resume` does not say to go on; and for a storage that
        cannot be reached. files: what will be written at the end."""
        known = self._belongs()
        if known is None:
            there = [name for name in (*files, TRIALS, WORKERS, SPLITS, JOURNAL) if (self.folder / name).exists()]
            if there:
                value = Described(f"{self.folder}, which holds {there[0]} and is no search's")
                raise ArgumentError("out", value, "a folder of its own")
        elif known != self._identity():
            value = Described(f"{self.folder}, which belongs to the study {known['study']!r} in {known['storage']}")
            raise ArgumentError("out", value, f"a folder for the study {self.name!r} in {shown(self.url)}")
        elif not resume:
            raise ArgumentError("out", Described(f"{self.folder}, which contains a search"), "--resume to continue it")
        if self.url is not None and exists(open_storage(self.url, self.folder), self.name) and not resume:
            value = Described(f"the name of a study that {shown(self.url)} holds already, {self.name!r}")
            raise ArgumentError("study", value, "--resume to join it, or another name")

    def take(self, settings: dict[str, Any]) -> dict[str, Any] | None:
        """Make the folder this study's, which is made or found with these settings; its result, where it has one.

        Raises ArgumentError for a study of other settings, the folder being then as it was; and for a damaged file of
        the search, by its name.
        """
        if self.url is not None:
            agree(open_storage(self.url, self.folder), self.name, settings)
        self._check_files()
        text = self._belonging(self._files())
        write_all(self.folder, {BELONGS: lambda path: path.write_text(text, encoding="utf-8")})
        result = self._result()
        if self.url is None:
            storage, journal = open_storage(None, self.folder), self.folder / JOURNAL
            with named_when_damaged(journal):
                if result is not None and not exists(storage, self.name):
                    raise ValueError(f"it contains no search, but {RESULT} exists")
                agree(storage, self.name, settings)
                if result is not None:
                    done, looked = (
                        [t for t in storage.get_all_trials(storage.get_study_id_from_name(name)) if t.values]
                        for name in (self.name, self.name + SEAL)
                    )  # fmt: skip
                    if len(done) < settings["trials"] or not looked:
                        raise ValueError(f"it contains {len(done)} trials, {len(looked)} openings, but {RESULT} exists")
                    opened = json.loads(looked[0].user_attrs["opening"])
            if result is not None:
                with named_when_damaged(self.folder / RESULT):
                    if [opened["selected"], opened["test_accuracy"]] != [
                        result["selected"]["number"], result["test_accuracy"],
                    ]:  # fmt: skip
                        raise ValueError(f"it contradicts {JOURNAL} about the test split")
        (self.folder / TRIALS).mkdir(exist_ok=True)
        return result

    def _result(self) -> dict[str, Any] | None:
        """What the search found, once it is over. Raises ArgumentError where the file that says so is damaged, or one
        that was written with it."""
        file, model = self.folder / RESULT, self.folder / MODEL
        if not file.exists():
            return None
        with named_when_damaged(file):
            result: dict[str, Any] = json.loads(file.read_text("utf-8"))
            selected = result["selected"]
            figures = [result["test_accuracy"], selected["validation_accuracy"], *selected["hyperparameters"].values()]
            if not (isinstance(selected["number"], int) and all(isinstance(figure, float | int) for figure in figures)):
                raise ValueError("it does not contain the figures of a search")
        with named_when_damaged(model):
            if not model.exists():
                raise ValueError(f"it is missing, but {RESULT} exists")
            safetensors = need("safetensors")
            try:
                with safetensors.safe_open(model, "pt") as content:
                    list(content.keys())
            except safetensors.SafetensorError as error:
                raise ValueError(str(error)) from error
        return result

    def finish(self, contents: Mapping[str, bytes]) -> list[Path]:
        """Write what a search leaves behind, the last of it when all else is there; and, before it, in the file that
        says whose the folder is, the fingerprints of all, by which a later command sees what was damaged since."""
        files = {name: _fingerprint(content) for name, content in contents.items()}
        *first, last = contents
        written = {**{name: contents[name] for name in first}, BELONGS: self._belonging(files).encode()}
        writers: dict[str, Callable[[Path], object]] = {
            name: partial(Path.write_bytes, data=content)
            for name, content in {**written, last: contents[last]}.items()
        }
        return [path for path in write_all(self.folder, writers) if path.name != BELONGS]

    def _belonging(self, files: Mapping[str, str]) -> str:
        return json.dumps({**self._identity(), **({"files": files} if files else {})}, indent=1) + "\n"

    def _files(self) -> dict[str, str]:
        """The fingerprints of what a finished search has left; empty before, and for one of an earlier version."""
        file = self.folder / BELONGS
        known = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return dict(known.get("files", {}))

    def _check_files(self) -> None:
        """Raises ArgumentError where a file is not as the search has left it."""
        if not (self.folder / RESULT).exists():
            return
        for name, fingerprint in self._files().items():
            if name in (RESULT, MODEL):  # of which more can be said
                continue
            with named_when_damaged(self.folder / name):
                if not (self.folder / name).exists():
                    raise ValueError(f"it is missing, but {RESULT} exists")
                if _fingerprint((self.folder / name).read_bytes()) != fingerprint:
                    raise ValueError("its content is not what the search wrote")

    def clear(self) -> None:
        """Remove what only a search under way needs, and what killed ones left of it."""
        for folder in (TRIALS, WORKERS):
            shutil.rmtree(self.folder / folder, ignore_errors=True)
        for file in (self.folder / SPLITS, *self.folder.glob(".*.part")):
            file.unlink(missing_ok=True)

    def _belongs(self) -> dict[str, str] | None:
        file = self.folder / BELONGS
        try:
            known = json.loads(file.read_text("utf-8")) if file.exists() else None
            return None if known is None else {name: str(known[name]) for name in self._identity()}
        except (ValueError, KeyError, TypeError, OSError) as error:
            value = Described(f"{self.folder}, whose {BELONGS} is no search's")
            raise ArgumentError("out", value, "a folder of its own") from error

    def _identity(self) -> dict[str, str]:
        return {"study": self.name, "storage": shown(self.url)}


def _fingerprint(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
