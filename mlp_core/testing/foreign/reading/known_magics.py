"""The effect of IPython's magics on the names of a notebook: they run their code, define nothing, or it is unknown."""

from __future__ import annotations

RUN_CELL = frozenset({"time", "capture", "prun", "debug"})
"""cell magics that run their cell in the notebook"""

RUN_LINE = frozenset({"time", "prun"})

WRITE = frozenset({"writefile", "file"})

OTHER_CELLS = frozenset({
    "!", "HTML", "R", "SVG",
    "bash", "cmd", "file", "html", "javascript", "js", "latex", "markdown", "memit", "perl", "pypy",
    "python", "python2", "python3", "ruby", "script", "sh", "shell", "svg", "sx", "system", "timeit", "writefile",
})  # fmt: skip
"""cell magics that define nothing in the notebook, except names in options such as --out"""

SHELLS = frozenset({"!", "bash", "cmd", "sh", "shell", "sx", "system"})
"""cell magics whose cell is run by a shell"""

DATABRICKS = frozenset({"fs", "md", "r", "scala", "sh", "sql"})
"""in a Databricks notebook, a cell that begins with one of these is in that language"""

OTHER_LINES = frozenset({
    "alias", "autoawait", "autocall", "automagic", "autoreload", "autosave", "bookmark", "cat", "cd", "clear",
    "cls", "code_wrap", "colors", "conda", "config", "connect_info", "cp", "dhist", "dirs", "ed", "edit", "env",
    "gui", "hist", "history", "killbgscripts", "ldir", "less", "lf", "lk", "ll", "load", "load_ext", "loadpy",
    "logoff", "logon", "logstart", "logstate", "logstop", "lprun", "ls", "lsmagic", "lx", "magic", "mamba", "man",
    "matplotlib", "memit", "micromamba", "mkdir", "more", "mprun", "mv", "notebook", "page", "pastebin", "pdb",
    "pdef", "pdoc", "pfile", "pinfo", "pinfo2", "pip", "popd", "pprint", "precision", "profile", "psearch",
    "psource", "pushd", "pwd", "pycat", "qtconsole", "quickref", "recall", "rehashx", "reload_ext", "rep", "reset",
    "reset_selective", "restart_python", "rm", "rmdir", "save", "set_env", "snakeviz", "subshell", "sx", "system",
    "tb", "tensorboard", "timeit", "unalias", "unload_ext", "uv", "watermark", "who", "who_ls", "whos", "xmode",
})  # fmt: skip
"""line magics that define nothing in the notebook"""

PYLAB = (
    "import numpy\nimport matplotlib\nfrom matplotlib import pylab, mlab, pyplot\nnp = numpy\nplt = pyplot\n"
    "from pylab import *\nfrom numpy import *\n"
)
"""the statements that %pylab runs, according to its documentation"""

AUTOMATIC = frozenset({"cat", "cd", "conda", "cp", "ls", "ll", "mkdir", "mv", "pip", "pwd", "rm", "rmdir", "uv"})
"""magics that are often written without their %"""
