"""Makes foreign text, such as file names and messages of exceptions, safe to show in a terminal, a table or a page."""

from __future__ import annotations

from typing import TypeVar, cast

T = TypeVar("T")

KEPT = "\n\t"


def escaped(value: T) -> T:
    r"""Text without control characters, which move cursors, and without lone surrogates, which cannot be encoded. Lists
    and dicts are escaped text by text.

    >>> escaped("a\x1b[2Jb\udcff")
    'a\\x1b[2Jb\\udcff'
    """
    if isinstance(value, str):
        return cast("T", value if _plain(value) else "".join(c if _plain(c) else _code(c) for c in value))
    if isinstance(value, list):
        return cast("T", [escaped(one) for one in value])
    if isinstance(value, dict):
        return cast("T", {key: escaped(one) for key, one in value.items()})
    return value


def in_markdown(words: str) -> str:
    r"""Words without markup for tables and Markdown; text between backticks stays code.

    >>> in_markdown("W_1 * x | `W_1 | x`")
    'W\\_1 \\* x \\| `W_1 \\| x`'
    """
    parts = words.split("`")
    for k in range(0, len(parts), 2):
        for sign in r"\*_|<[":
            parts[k] = parts[k].replace(sign, f"\\{sign}")
    return "`".join(part.replace("|", "\\|") if k % 2 else part for k, part in enumerate(parts))


def _plain(text: str) -> bool:
    return all(c.isprintable() or c in KEPT for c in text)


def _code(c: str) -> str:
    number = ord(c)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
