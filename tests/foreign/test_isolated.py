"""A hand-in in a sandbox: it reads nothing, writes nothing and reaches nobody; without a sandbox nothing runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from refusals import refusal
from test_foreign_process import RIGHT, broken, command, verified

from mlp_core.testing.foreign import sandbox


def permitted() -> bool:
    try:
        sandbox.check()
    except ValueError:
        return False
    return sys.platform == "linux"


needs_one = pytest.mark.skipif(not permitted(), reason="needs bubblewrap (Debian: apt install bubblewrap), permitted")

TRIES = """\
import os, socket
    def told(f):
        try:
            return f'done: {f()}'
        except OSError as error:
            return type(error).__name__
    def reach():
        with socket.create_connection(('127.0.0.1', PORT), timeout=2):
            return 'connected'
    raise ValueError([
        told(lambda: open(SECRET).read()), told(lambda: open(OUTSIDE, 'w')), told(lambda: open(os.__file__, 'a')),
        told(reach), len([p for p in os.listdir('/proc') if p.isdigit()]) < 9, os.path.exists('/home'),
    ])"""


@needs_one
def test_it_reads_no_secret_writes_nothing_and_reaches_nobody(tmp_path: Path) -> None:
    import socket

    secret = tmp_path / "secret.txt"
    secret.write_text("hush")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        does = TRIES.replace("PORT", str(server.getsockname()[1])).replace("SECRET", repr(str(secret)))
        does = does.replace("OUTSIDE", repr(str(tmp_path / "written.txt")))
        (found, *_) = broken(verified(tmp_path, does, isolated=True, share=(0, 40)))
    assert "['FileNotFoundError', 'OSError', 'OSError', 'ConnectionRefusedError', True, False]" in found
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hand_in.py", "secret.txt"]
    open_ = verified(tmp_path, does.replace("OUTSIDE", repr(str(tmp_path / "written.txt"))), share=(0, 40))
    assert "done: hush" in broken(open_)[0]  # what it would have read


@pytest.mark.slow
@needs_one
def test_a_right_one_with_a_module_beside_it_is_right(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("import more\nTWO = more.ONE + 1\n")
    (tmp_path / "more.py").write_text("ONE = 1\n")
    (tmp_path / "other.py").write_text("")
    right = RIGHT.replace("DOES", "pass").replace("-2 *", "-helpers.TWO *")
    (tmp_path / "hand_in.py").write_text("import helpers\n" + right)
    assert [p.name for p in sandbox.beside(tmp_path / "hand_in.py")] == ["hand_in.py", "helpers.py", "more.py"]
    status, said = command(str(tmp_path / "hand_in.py"), "--isolated", "--jobs", "1")
    assert status == 0, said
    assert "to repeat: mlp-core verify" in said
    assert "--isolated --seed 0" in said


@pytest.mark.slow
@needs_one
def test_it_takes_all_it_started_with_it(tmp_path: Path) -> None:
    does = "import subprocess; subprocess.Popen(['sleep', '61.75'], start_new_session=True)"
    assert not broken(verified(tmp_path, does, isolated=True, share=(0, 40)))
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)  # noqa: S607
    assert "sleep 61.75" not in running.stdout


def test_without_a_sandbox_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hand_in.py"
    file.write_text(RIGHT.replace("DOES", f"open({str(tmp_path / 'ran')!r}, 'w')"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    status, said = command(str(file), "--isolated")
    assert status == 2
    assert "an installed bubblewrap (Debian: apt install bubblewrap)" in " ".join(said.split())
    monkeypatch.undo()
    bwrap = tmp_path / "bin" / "bwrap"
    bwrap.parent.mkdir()
    bwrap.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bwrap.parent}{os.pathsep}{os.environ['PATH']}")
    assert "expected permission for bubblewrap to create a sandbox (bwrap: No permissions to" in refusal(sandbox.check)
    assert command(str(file), "--isolated")[0] == 2
    assert not (tmp_path / "ran").exists()
    assert "--isolated: got relu, expected a script, a notebook or" in command("relu", "--isolated")[1]
