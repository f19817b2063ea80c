#!/usr/bin/env bash
# multiprocessing, the start method "forkserver" with set_forkserver_preload, Python 3.11 (standard library alone).
# Seen: a program that lies in another folder, and whose sys.path does not contain the working folder, preloads `colorsys`
#   of the standard library. The fork server imports the `colorsys.py` that lies in the working folder instead.
# A good engineer would guess: the server and its children import what the program itself would import.
# Why: the server is started as `python -c ...`, for which sys.path begins with the working folder; the sys.path of the
#   program, which is handed over, is not used for the modules to preload. PYTHONSAFEPATH=1 leaves the folder out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/program" "$folder/work"
echo 'WHERE = "the working folder"' > "$folder/work/colorsys.py"
cat > "$folder/program/main.py" <<'PY'
import multiprocessing
import platform
import sys


def where(queue):
    import colorsys

    queue.put(getattr(colorsys, "WHERE", "the standard library"))


def asked():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["colorsys"])
    queue = context.SimpleQueue()
    process = context.Process(target=where, args=(queue,))
    process.start()
    process.join()
    return queue.get()


if __name__ == "__main__":
    import colorsys
    import os

    assert os.getcwd() not in sys.path and "" not in sys.path
    own = getattr(colorsys, "WHERE", "the standard library")
    server = asked()
    print(f"Python {platform.python_version()}: the program imports colorsys from {own}, its fork server from {server}")
    EXPECTED = ("the standard library", "the working folder")
    if (own, server) != EXPECTED:
        sys.exit("changed: the fork server no longer imports from the working folder")
PY
cd "$folder/work"
env -u PYTHONSAFEPATH "${PYTHON:-python3}" "$folder/program/main.py"
