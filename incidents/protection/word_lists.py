"""Lists of words, written one after the other; "_" stands for a space within one."""

import re


def words(text: str) -> str:
    """Return an expression for any of the words of a list, the longest first."""
    found = sorted(
        (word.replace("_", " ") for word in text.split()), key=lambda word: (-len(word), word)
    )
    return "|".join(re.escape(word) for word in found)


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list; here "_" stands for itself."""
    return frozenset(text.split())
