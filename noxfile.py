"""The project's sessions. `nox` runs the tests on the locked dependencies; the others run by name (`nox --list`)."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests"]
nox.options.reuse_existing_virtualenvs = True  # torch and its dependencies take 5 GB per session

GROUPS = nox.project.load_toml("pyproject.toml")
LOCKED = ("-c", "constraints.txt")
# one thread per worker: two workers use two cores, and sums are split in the same way on every machine
# the tests start hundreds of processes: if none may keep bytecode, each compiles torch's sources again
ENV = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": ""}
WORKERS = ("-n", "2", "--dist", "worksteal")


def group(name: str) -> list[str]:
    """The entries of a dependency group in pyproject.toml (PEP 735; pip supports --group only from 25.1 on)."""
    return list(nox.project.dependency_groups(GROUPS, name))


@contextmanager
def other_checkout(session: nox.Session, commit: str) -> Iterator[Path]:
    """A folder with another commit of this repository."""
    folder = Path(session.create_tmp()).resolve() / "base"
    session.run("git", "worktree", "add", "--force", "--detach", str(folder), commit, external=True)
    try:
        yield folder
    finally:
        session.run("git", "worktree", "remove", "--force", str(folder), external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """Tests and doctests on the locked dependencies."""
    session.install("-e", ".[all]", *group("tests"), *LOCKED)
    session.run("pytest", *WORKERS, *session.posargs, env=ENV)


@nox.session
def tests_oldest(session: nox.Session) -> None:
    """The oldest torch; without torchvision, which imports only with the torch it was built for."""
    session.install("-e", ".", "torch==2.13.*", *group("tests"))
    session.run("pytest", *WORKERS, "-o", "filterwarnings=default", *session.posargs, env=ENV)


@nox.session
def tests_newest(session: nox.Session) -> None:
    """The newest versions of everything; warnings about mlp_core's own code are errors."""
    session.install("--upgrade", "-e", ".[all]", *group("tests"))
    session.run("pytest", *WORKERS, "-o", "filterwarnings=default\nerror:::mlp_core", *session.posargs, env=ENV)


@nox.session
def integration(session: nox.Session) -> None:
    """Searches that share a PostgreSQL, which the tests start on loopback (Debian: apt install postgresql)."""
    session.install("-e", ".[all]", *group("tests"), *group("integration"), *LOCKED)
    session.run("pytest", "-m", "integration", *session.posargs, env=ENV)


@nox.session
def boosting(session: nox.Session) -> None:
    """Objectives that pass the laws train like those of LightGBM, XGBoost and CatBoost (docs/objectives.md)."""
    session.install("-e", ".", *group("tests"), *group("boosting"))
    session.run(
        "pytest", "tests/laws/test_objectives_train.py", "-o", "filterwarnings=default", *session.posargs, env=ENV
    )


@nox.session
def functional(session: nox.Session) -> None:
    """Rules of other installed libraries: optax, Keras and MLX with the laws of functional rules, and the rows of
    docs/same-name.md (those of TF.js if NODE_PATH has it).
    """
    session.install("-e", ".", *group("tests"), *group("functional"))
    tests = ["optax", "keras_and_mlx"]
    session.run(
        "pytest", *(f"tests/subjects/test_{name}.py" for name in tests), "tests/documents/test_same_name.py",
        "-o", "filterwarnings=default", *session.posargs, env=ENV,
    )  # fmt: skip


@nox.session
def mutation(session: nox.Session) -> None:
    """Mutants of the core's arithmetic: a survivor that tests/tools/survivors.toml does not explain fails.

    It continues an interrupted run from the files in mutants/; without that folder it starts again. A pattern after --
    runs only these mutants, and repeats them: `nox -s mutation -- 'mlp_core.backprop*'`.
    """
    session.install("-e", ".", *group("mutation"), *LOCKED)
    env = {**ENV, "HYPOTHESIS_PROFILE": "mutation"}
    session.run("mutmut", "run", "--max-children", "2", *session.posargs, env=env)
    session.run("python", "tests/tools/mutation_survivors.py", *session.posargs)


@nox.session
def mutation_definitions(session: nox.Session) -> None:
    """Mutants of what mutmut passes over: class attributes, defaults of fields, records, bodies under decorators.

    A survivor that tests/tools/survivors_of_definitions.toml does not explain fails. Goes on where it was interrupted,
    by what it left in mutants/. A pattern after -- names a part: `nox -s mutation_definitions -- 'mlp_core.losses*'`.
    """
    session.install("-e", ".", *group("mutation"), *LOCKED)
    session.run("python", "tests/tools/definitions.py", *session.posargs, env={**ENV, "HYPOTHESIS_PROFILE": "mutation"})


@nox.session
def lint(session: nox.Session) -> None:
    """ruff; vulture for unused code; the workflows and actions in .github/ by their schemas and by zizmor."""
    session.install(*group("lint"), *LOCKED)
    session.run("ruff", "check", *(session.posargs or ["."]))
    if not session.posargs:
        session.run("vulture")
        github = Path(".github")
        for schema, files in {
            "github-workflows": github.glob("workflows/*"), "github-actions": github.glob("actions/*/*"),
            "github-issue-forms": github.glob("ISSUE_TEMPLATE/[0-9]*"),
            "github-issue-config": [github / "ISSUE_TEMPLATE" / "config.yml"],
            "citation-file-format": [Path("CITATION.cff")],
        }.items():  # fmt: skip
            session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, sorted(files)))
        session.run("zizmor", "--offline", "--no-progress", ".github")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict, against the locked torch."""
    session.install("-e", ".[all]", *group("types"), *LOCKED)
    session.run("mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The documents, in docs/_build/index.html; a warning is an error."""
    session.install("-e", ".[report]", *group("docs"), *LOCKED)
    session.run("sphinx-build", "-W", "--keep-going", "docs", "docs/_build", *session.posargs, env=ENV)


@nox.session(venv_backend="uv")  # it fills the empty environment, including torch, from its cache
def package(session: nox.Session) -> None:
    """The published files: sdist and wheel, compared with the sources; the wheel is used in an empty environment."""
    session.install(*group("package"), *LOCKED)
    used = str(Path(".ci", "use.py").resolve())
    with TemporaryDirectory() as name:
        dist, checkout, empty, elsewhere = (Path(name) / part for part in ("dist", "checkout", "empty", "elsewhere"))
        session.run("python", "-m", "build", "--outdir", str(dist), ".")  # the wheel from the sdist
        session.run("python", "-m", "build", "--wheel", "--outdir", str(checkout), ".")
        wheel = next(dist.glob("*.whl"))
        session.run("twine", "check", "--strict", *map(str, dist.iterdir()))
        session.run("check-wheel-contents", str(wheel))
        session.run("python", ".ci/package.py", str(dist), str(checkout))
        session.run("python", "-m", "venv", "--without-pip", str(empty))
        python, command = (str(empty / "bin" / program) for program in ("python", "mlp-core"))
        session.run("uv", "pip", "install", "--python", python, str(wheel), *LOCKED)
        session.run("uv", "pip", "check", "--python", python)
        elsewhere.mkdir()
        with session.chdir(elsewhere):
            told = session.run(command, "--version", external=True, silent=True)
            if told != f"mlp_core {wheel.name.split('-')[1]}\n":
                session.error(f"mlp-core --version of {wheel.name}: got {told!r}")
            session.run(command, "verify", "sgd", "--examples", "20", external=True, env=ENV)
            session.run(python, "-W", "error", used, external=True, env=ENV)


@nox.session
def bench(session: nox.Session) -> None:
    """Benchmarks, every figure beside its peers in interleaved rounds: figures, table and pictures in .benchmarks/."""
    Path(".benchmarks").mkdir(exist_ok=True)
    session.install("-e", ".", *group("bench"), *LOCKED)
    session.run(
        "pytest", "benchmarks", "-o", "filterwarnings=default", "--benchmark-group-by=group",
        "--benchmark-columns=min,median,iqr,rounds", "--benchmark-json=.benchmarks/latest.json", *session.posargs,
        env={"OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    if not session.posargs:
        session.run("python", "benchmarks/report.py", ".benchmarks/latest.json", ".benchmarks")


@nox.session
def bench_compare(session: nox.Session) -> None:
    """Compare this checkout with another commit, in alternating rounds: `nox -s bench_compare -- BASE [--above 1.15]`.
    """
    if not session.posargs:
        session.error("name a commit: nox -s bench_compare -- BASE [--above RATIO]")
    base, *options = session.posargs
    session.install("-e", ".", *group("bench"), *LOCKED)
    with other_checkout(session, base) as folder:
        session.run("python", "benchmarks/compare.py", str(folder), *options, env={"OMP_NUM_THREADS": "2"})


@nox.session
def measured(session: nox.Session) -> None:
    """The tables of docs/measured.md on speed and waiting, with the newest peers: `nox -s measured [-- BASE]`.

    BASE is a commit with which every command is compared. On two idle cores it takes an hour. Options after BASE:
    `--rounds 3` takes fewer rounds; `--examples 10` takes fewer examples a law, in the commands with many laws;
    `--processor` counts processor time (on one thread), which a machine that others load disturbs less.
    """
    parser = ArgumentParser("nox -s measured --")
    parser.add_argument("base", nargs="?", default="")
    parser.add_argument("--rounds")
    parser.add_argument("--examples")
    parser.add_argument("--processor", action="store_true")
    given = parser.parse_args(session.posargs)
    figures = Path(".benchmarks", "measured")
    figures.mkdir(parents=True, exist_ok=True)
    rounds = {"BENCH_ROUNDS": given.rounds} if given.rounds else {}
    session.install("--upgrade", "-e", ".[all]", *group("bench"))
    clocks = {"1": "processor" if given.processor else "wall", "2": "wall"}
    for threads, clock in clocks.items():
        session.run(
            "pytest", "benchmarks", "-k", "not scaling", "-o", "filterwarnings=default",
            f"--benchmark-json={figures}/threads-{threads}.json",
            env={"OMP_NUM_THREADS": threads, "BENCH_CLOCK": clock, **rounds},
        )  # fmt: skip
    waits = ["python", "benchmarks/waits.py", f"{figures}/waits.json"]
    fewer = ["--examples", given.examples] if given.examples else []
    env = {**ENV, "BENCH_CLOCK": clocks["1"], **rounds}
    if given.base:
        with other_checkout(session, given.base) as folder:
            session.run(*waits, str(folder), *fewer, env=env)
    else:
        session.run(*waits, *fewer, env=env)
    session.run("python", "benchmarks/measured.py", str(figures), "docs/measured.md", "--base", given.base)


@nox.session
def soak(session: nox.Session) -> None:
    """Every law on every correct subject, a million examples. It continues where it stopped (.soak/); Ctrl-C keeps all
    results.
    """
    session.install("-e", ".", *LOCKED)
    # running units may take minutes to end
    session.run("python", "benchmarks/soak.py", *session.posargs, env=ENV, interrupt_timeout=None)


@nox.session
def packages(session: nox.Session) -> None:
    """Published optimizers in benchmarks/packages.toml, verified one by one (docs/optimizer-packages.md)."""
    names = {entry["package"] for entry in nox.project.load_toml("benchmarks/packages.toml")["optimizer"]}
    session.install("-e", ".", *LOCKED)
    session.install("--no-deps", *sorted(names))  # most need only torch and numpy
    session.run("python", "benchmarks/packages.py", "docs/optimizer-packages.md", *session.posargs, env=ENV)


@nox.session
def power(session: nox.Session) -> None:
    """Every law on every known mistake (docs/power.md, docs/gallery.md); fails if no law catches a mistake."""
    session.install("-e", ".[all]", *group("tests"), *LOCKED)
    session.run("python", "benchmarks/power.py", *session.posargs, env=ENV)
    if not session.posargs:
        session.run("python", "benchmarks/gallery.py", env=ENV)
        session.run("pytest", "-m", "slow", *WORKERS, env=ENV)
