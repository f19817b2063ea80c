"""One odd file costs its own verdict only, and what a hand-in starts is gone with it."""

from __future__ import annotations

import csv
import os
import sys
import time
from json import dumps
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_foreign_process import RIGHT, SHORT, command, verified
from warm_processes import Copy

from mlp_core.testing import verify
from mlp_core.testing.engine.result import Result
from mlp_core.testing.foreign import family
from mlp_core.testing.foreign.found import subjects_in
from mlp_core.testing.foreign.process import verify_file
from mlp_core.testing.foreign.told import HandIn, Listener, row
from mlp_core.testing.foreign.verdict import headline
from mlp_core.testing.verification.verify import checked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")

LAW = {"share": (0, 40)}
"""of all laws the first alone"""


def verdicts(hand_in: HandIn) -> set[str]:
    return {result.verdict for result in hand_in.results}


def gone(marker: Path) -> bool:
    """Whether the process that wrote its number to `marker` ends soon."""
    pid = int(marker.read_text())
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists() or "(zombie)" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("starts", [
    "subprocess.Popen(['sleep', '60'])",
    "subprocess.Popen(['sleep', '60'], start_new_session=True)",
    "subprocess.Popen(['sh', '-c', 'setsid sleep 60 & echo $!'], stdout=subprocess.PIPE)",
])  # fmt: skip
def test_what_it_starts_is_gone_with_it(tmp_path: Path, starts: str) -> None:
    marker = tmp_path / "pid"
    lines = [
        "import subprocess, os", f"if not os.path.exists({str(marker)!r}):", f"    p = {starts}",
        "    n = p.pid if p.stdout is None else int(p.stdout.readline())",
        f"    open({str(marker)!r}, 'w').write(str(n))",
    ]  # fmt: skip
    does = "\n    ".join(lines)
    assert verdicts(verified(tmp_path, does, **LAW)) == {"PASS"}
    assert gone(marker)


def test_it_cannot_multiply(tmp_path: Path) -> None:
    """Neither by copies of itself nor by other programs; nobody is called wrong for it."""
    copies = "import os\n    while True: os.fork()"
    (result,) = verified(tmp_path, copies, **LAW).results
    assert (result.verdict, result.got[:52]) == ("UNTESTED", "the code started more than 16 processes at a time: h")
    programs = "import subprocess; subprocess.run(['sh', '-c', 'for i in $(seq 200); do sleep 30 & done; wait'])"
    (result,) = verified(tmp_path, programs, **LAW).results
    assert result.verdict == "UNTESTED"
    assert result.reason.startswith(f"the code started more than {family.MOST} processes and was stopped")


@pytest.mark.parametrize("patches", [
    "import json; json.dumps = lambda *_: 'nothing'",
    "import json; json.encoder.JSONEncoder.iterencode = None",
    "import os; os.write = print",
    "import pickle, multiprocessing; pickle.dumps = None; multiprocessing.Process = None",
    "import sys; sys.stdout = None; sys.setrecursionlimit(200)",
])  # fmt: skip
def test_what_it_patches_changes_its_own_verdict_at_most(tmp_path: Path, patches: str) -> None:
    assert verdicts(verified(tmp_path, patches, **LAW)) <= {"PASS", "UNTESTED"}


@pytest.mark.parametrize("message", [
    b"", b"hello", b"[]", b'"text"', b'{"running": 99}', b'{"laws": 3, "course": true, "reading": ""}', b"[" * 100_000,
    b'{"result": {"law": 1}}', b'{"late": []}', b"\xff\xfe", b'{"stopped": "soon"}',
])  # fmt: skip
def test_what_it_says_that_cannot_be_read_is_its_own_matter(message: bytes) -> None:
    listener = Listener(HandIn("a.py:f"))
    if not listener.take(message):
        listener.ended("exit status 0")
    assert [r.verdict for r in listener.hand_in.results] == ["UNTESTED"]


def test_foreign_text_is_escaped_everywhere(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.py")
    file.write_text(RIGHT.replace("DOES", r"raise ValueError('=1+1 \x1b[2J \udc80 [bold]')"))
    report = verify(str(file), examples=2)
    for kind, path in (("csv", tmp_path / "t.csv"), ("junit", tmp_path / "t.xml"), ("html", tmp_path / "t.html")):
        getattr(report, f"to_{kind}")(path)
    (row,) = csv.DictReader((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines())
    assert row["subject"].endswith(r"caf\udce9.py:backpropagation")
    assert r"\x1b[2J \udc80" in row["what is wrong"]
    suite = ElementTree.parse(tmp_path / "t.xml").getroot()[0]
    assert r"\x1b[2J \udc80 [bold]" in str(suite.find(".//failure").get("message"))  # type: ignore[union-attr]
    assert "\x1b" not in str(report)
    assert r"ValueError: =1+1 \x1b[2J \udc80 [bold]" in str(report)
    status, said = command(str(file))
    assert status == 1
    assert r"caf\udce9.py  wrong" in said


ODD = {
    "deep.py": "x = " + "(" * 500 + ")" * 500, "deeper.py": "x = " + "-" * 200_000 + "1", "nul.py": "x = 1\0",
    "latin.py": b"# caf\xe9\n", "broken.ipynb": "{", "list.ipynb": "[1]", "empty.py": "",
    "surrogate.py": b"x = '\xed\xb2\x80'\n", "indent.py": "  x = 1\n x", "long.py": "x" * 10_000,
}  # fmt: skip


def test_an_odd_file_costs_its_own_verdict_only(tmp_path: Path) -> None:
    for name, content in ODD.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    os.mkfifo(tmp_path / "fifo.py")
    (tmp_path / "itself.py").symlink_to("itself.py")
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "right.py").write_text(RIGHT.replace("DOES", "pass"))
    names, without = subjects_in([str(path) for path in sorted(tmp_path.iterdir()) if path.is_file()])
    assert names == [f"{tmp_path}/right.py:backpropagation"]
    assert {Path(h.name).name for h in without} == {*ODD}
    status, said = command(str(tmp_path), "--jobs", "1")
    assert status == 3
    assert "right for one sample (what the course asks), and for batches" in said


SCRIPT = """\
from mlp_core.testing import verify

report = verify("hand_in.py", examples=2)
print(report.ok)
"""


def run_script(script: str) -> None:
    import runpy

    sys.modules["__main__"].__dict__["__file__"] = script
    runpy.run_path(script, run_name="__main__")


def test_a_script_without_a_main_guard_can_verify_a_file(tmp_path: Path) -> None:
    (tmp_path / "hand_in.py").write_text(RIGHT.replace("DOES", "pass"))
    (tmp_path / "script.py").write_text(SCRIPT)
    assert Copy(run_script, str(tmp_path / "script.py"), folder=tmp_path).ended() == (0, "True\n")


def test_what_lies_beside_a_hand_in_runs_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the process that verifies nor, once the hand-in is loaded, in its own."""
    for name in ("shlex", "rich", "torch", "json", "random", "statistics", "optparse"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of the hand-in')")
    (tmp_path / "hand_in.py").write_text(RIGHT.replace("DOES", "pass"))
    monkeypatch.chdir(tmp_path)
    status, said = command("hand_in.py")
    assert status == 0, said
    assert str(Path.cwd()) not in sys.path


def test_the_right_one_is_told_once_where_it_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "cannot.py").write_text("import nothing_of_the_kind as n\n" + RIGHT.replace("DOES", "n.f()"))
    status, said = command(str(tmp_path / "cannot.py"))
    assert status == 3
    assert said.count("No module named 'nothing_of_the_kind'") == 1
    assert "cannot.py, line 1: import nothing_of_the_kind as n" in said
    assert "\nverifying: " in said  # from the first second
    assert f"to repeat: mlp-core verify {tmp_path / 'cannot.py'} --examples 5 --seed 0" in said


def test_slow_and_right_is_untested(tmp_path: Path) -> None:
    file = tmp_path / "slow.py"
    file.write_text(RIGHT.replace("DOES", "import time; time.sleep(0.4)"))
    limits = SHORT.__class__(call=2.0, total=1.0)
    hand_in = verify_file(f"{file}:backpropagation", limits=limits, examples=5, seed=0, largest=8, laws=checked, **LAW)
    assert verdicts(hand_in) <= {"UNTESTED", "SKIP", "PASS"}


def test_of_one_that_is_interrupted_the_laws_that_are_done_are_kept() -> None:
    listener = Listener(HandIn("a.py:f"))
    told = [[f"law {k}", "", "one sample", True] for k in range(3)]
    listener.take(dumps({"laws": told, "course": True, "reading": ""}).encode())
    result = row(Result("law 0", "", "f", judges=True))
    listener.take(dumps({"index": 0, "result": result}).encode())
    listener.interrupted()
    words = [(r.verdict, r.reason) for r in listener.hand_in.results]
    assert words == [
        ("PASS", ""), ("UNTESTED", "it was interrupted; run it again"), ("SKIP", "not run: interrupted"),
    ]  # fmt: skip
    said = headline(listener.hand_in.results, course=True)
    assert said.startswith("not shown to be right: 1 law could not be tested, because it was interrupted")


def test_a_report_prints_as_its_table() -> None:
    report = verify("relu", examples=5)
    assert str(report).startswith("relu")
    assert str(report).endswith("relu: lawful")
    assert repr(report) == "<Report: relu: lawful>"
