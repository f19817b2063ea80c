"""A dataset of words for functions that draw from one, such as negative sampling. Nothing here imports torch."""

from __future__ import annotations

import random
from typing import Any

COUNT = 3
"""the words: the least number of which a word, another one, and one that is drawn twice can be among"""


class Tokens:
    """Draws words from `random`, whose numbers are the same in every call while a law runs."""

    words = "that draws from 3 words"

    def sampleTokenIdx(self) -> int:
        return random.randrange(COUNT)  # noqa: S311  (no secret)

    def getNegativeSamples(self, other: Any, count: int) -> list[int]:
        """Words other than this one."""
        return [random.choice([k for k in range(COUNT) if k != other]) for _ in range(count)]  # noqa: S311

    def __repr__(self) -> str:
        return f"__import__({__name__!r}, fromlist=['TOKENS']).TOKENS"


TOKENS = Tokens()
