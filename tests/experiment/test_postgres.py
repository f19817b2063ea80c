"""Searches that share a real PostgreSQL: any number of processes, some of them killed, one table, one look."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warm_processes import Copy, command_line

pytestmark = pytest.mark.integration

psycopg = pytest.importorskip("psycopg", reason="the driver that `nox -s integration` installs")
optuna = pytest.importorskip("optuna", reason="the search is kept in Optuna's storages", exc_type=ImportError)


def program(name: str) -> str:
    """One of PostgreSQL's; Debian keeps them outside the path."""
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is None:
        pytest.fail(f"{name} is not here; Debian: apt install postgresql")
    return found


@pytest.fixture
def database(server: str, request: pytest.FixtureRequest) -> str:
    """The URL of a database that nobody has used."""
    name = f"fresh_{abs(hash(request.node.name))}"
    with psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]  # our own name
    return f"{server}/{name}"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL on loopback, in a folder of its own; the URL up to the database's name."""
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())  # noqa: S607
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = str(folder / "cluster")
    initdb = [program("initdb"), "-D", cluster, "-U", "me", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)  # noqa: S603
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    control = [program("pg_ctl"), "-D", cluster, "-w"]
    log = str(folder / "log")
    start = [*control, "-l", log, "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)  # noqa: S603
    try:
        yield f"postgresql+psycopg://me:secret@127.0.0.1:{port}"
    finally:
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)  # noqa: S603
        shutil.rmtree(folder)


def begun(images: Path, folder: Path, url: str, study: str, *options: str) -> Copy:
    """A search of ten trials, in folder/out."""
    folder.mkdir(exist_ok=True)
    small = ["--trials", "10", "--epochs", "20", "--batch-size", "4", "--hidden", "6", "--seed", "3"]
    shared = ["--storage", url, "--study", study]
    place = ["--data", f"folder:{images}", "--out", str(folder / "out")]
    return Copy(command_line, "search", *place, *small, *shared, *options, folder=folder)


def ended(process: Copy) -> None:
    status, said = process.ended()
    assert status == 0, said


def result_in(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "out" / "result.json").read_text())
    return result


def attempts(url: str, study: str) -> list[tuple[int, str, str]]:
    """(number, state, worker) of the trials that ran. If two attempts at one trial were enqueued at the same time, one
    is given up unrun."""
    storage = optuna.storages.RDBStorage(url)
    trials = storage.get_all_trials(storage.get_study_id_from_name(study))
    storage.remove_session()
    storage.engine.dispose()
    ran = [trial for trial in trials if "worker" in trial.user_attrs]
    return [(trial.user_attrs["number"], trial.state.name, trial.user_attrs["worker"]) for trial in ran]


@pytest.fixture(scope="module")
def alone(server: str, images: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of one worker."""
    folder = tmp_path_factory.mktemp("alone")
    ended(begun(images, folder, f"{server}/postgres", "alone", "--workers", "1"))
    return result_in(folder)


@pytest.mark.parametrize("workers", [2, 4])
def test_machines_that_share_a_database_run_each_trial_once_and_give_one_table(
    database: str, images: Path, alone: dict[str, Any], tmp_path: Path, workers: int
) -> None:
    """Each command has a folder of its own, as on a machine; all come first, to a database without tables."""
    options = ("--workers", "1", "--resume")
    processes = [begun(images, tmp_path / str(k), database, "search", *options) for k in range(workers)]
    for process in processes:
        ended(process)
    assert all(result_in(tmp_path / str(k)) == alone for k in range(workers))
    ran = attempts(database, "search")
    assert sorted((number, state) for number, state, _ in ran) == [(number, "COMPLETE") for number in range(10)]
    assert len({worker for _, _, worker in ran}) > 1


def test_the_trial_of_a_worker_that_was_killed_is_taken_up_again(
    database: str, images: Path, alone: dict[str, Any], tmp_path: Path
) -> None:
    victim = begun(images, tmp_path / "victim", database, "killed", "--workers", "2")
    while not (tmp_path / "victim" / "out" / "trials").exists() or not any(
        path.suffix == ".safetensors" for path in (tmp_path / "victim" / "out" / "trials").iterdir()
    ):
        assert victim.process.is_alive(), victim.said()
        time.sleep(0.01)
    assert victim.process.pid is not None
    os.killpg(victim.process.pid, signal.SIGKILL)
    victim.process.join()
    assert "RUNNING" in {state for _, state, _ in attempts(database, "killed")}
    ended(begun(images, tmp_path / "other", database, "killed", "--workers", "2", "--resume"))  # elsewhere: by silence
    assert result_in(tmp_path / "other") == alone
    ran = attempts(database, "killed")
    assert sorted(number for number, state, _ in ran if state == "COMPLETE") == list(range(10))
    assert "FAIL" in {state for _, state, _ in ran}


def test_a_database_that_is_not_there_is_named_without_its_password(
    server: str, images: Path, tmp_path: Path
) -> None:
    status, said = begun(images, tmp_path, server.rpartition(":")[0] + ":1/db", "none").ended()
    assert status == 2
    assert "storage: got postgresql+psycopg://me:***@127.0.0.1:1/db (" in said
    assert "secret" not in said
