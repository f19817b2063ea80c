"""The folder of a search: for one study, and for one command at a time."""

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
"""the file that names the folder's study; the results, which are written last; the selected network; the file that a
running command keeps locked"""


@dataclass(frozen=True)
class Place:
    """The folder of a search, the URL of its storage (None: a journal in the folder) and its name there."""

    folder: Path
    url: str | None
    name: str

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A context in which no other command works in the folder. Raises ArgumentError if one does."""
        lock = FileLock(self.folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            value = Described(f"{self.folder}, where another command is at work")
            raise ArgumentError("out", value, "a separate folder, or --workers for more of them") from None
        try:
            yield
        finally:
            if not (self.folder / BELONGS).exists():  # the search never started: nothing remains
                (self.folder / LOCK).unlink(missing_ok=True)
            lock.release()

    def check(self, resume: bool, files: tuple[str, ...]) -> None:
        """Raises ArgumentError if the folder belongs to another study, if it contains other files with the names of a
        search's files, or if it contains a search already and `resume` is False; and for a storage that cannot be
        reached. files: the files that will be written at the end.
        """
        known = self._belongs()
        if known is None:
            there = [name for name in (*files, TRIALS, WORKERS, SPLITS, JOURNAL) if (self.folder / name).exists()]
            if there:
                value = Described(f"{self.folder}, which holds {there[0]} and is no search's")
                raise ArgumentError("out", value, "a separate folder")
        elif known != self._identity():
            value = Described(f"{self.folder}, which belongs to the study {known['study']!r} in {known['storage']}")
            raise ArgumentError("out", value, f"a folder for the study {self.name!r} in {shown(self.url)}")
        elif not resume:
            raise ArgumentError("out", Described(f"{self.folder}, which contains a search"), "--resume to continue it")
        if self.url is not None and exists(open_storage(self.url, self.folder), self.name) and not resume:
            value = Described(f"the name of a study that {shown(self.url)} holds already, {self.name!r}")
            raise ArgumentError("study", value, "--resume to join it, or another name")

    def take(self, settings: dict[str, Any]) -> dict[str, Any] | None:
        """Assign the folder to this study, which is created or found with these settings. Returns its result, if any.

        Raises ArgumentError for a study with other settings, without changing the folder; and for a damaged file of the
        search, with its name.
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
        """The result of a finished search. Raises ArgumentError if its file, or one written with it, is damaged."""
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
        """Write the files of a finished search, the result last. Before it, write the fingerprints of all files to the
        file that names the study, so that a later command can detect damage.
        """
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
        """The fingerprints of the files of a finished search; empty before the end, and for a search of an earlier
        version.
        """
        file = self.folder / BELONGS
        known = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return dict(known.get("files", {}))

    def _check_files(self) -> None:
        """Raises ArgumentError if a file differs from what the search wrote."""
        if not (self.folder / RESULT).exists():
            return
        for name, fingerprint in self._files().items():
            if name in (RESULT, MODEL):  # for these, a more precise error follows
                continue
            with named_when_damaged(self.folder / name):
                if not (self.folder / name).exists():
                    raise ValueError(f"it is missing, but {RESULT} exists")
                if _fingerprint((self.folder / name).read_bytes()) != fingerprint:
                    raise ValueError("its content is not what the search wrote")

    def clear(self) -> None:
        """Remove the files that only a running search needs, and what killed processes left of them."""
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
            raise ArgumentError("out", value, "a separate folder") from error

    def _identity(self) -> dict[str, str]:
        return {"study": self.name, "storage": shown(self.url)}


def _fingerprint(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
