"""Three languages that nobody speaks, for tests that need text: words of their own, and a word calls for the next."""

from __future__ import annotations

from pathlib import Path

import numpy as np

# (consonants, vowels): a script each
_SOUNDS = {"xa": ("ptkmnls", "aeiou"), "xb": ("бдгмнрс", "аеиоу"), "xc": ("カサタナハマラ", "ー")}


def sentences(language: str, count: int, seed: int = 0) -> list[str]:
    """So many sentences of 4 to 9 words; each word is one of the two that may follow the one before it."""
    consonants, vowels = _SOUNDS[language]
    random = np.random.default_rng([seed, *map(ord, language)])
    made = {"".join(c + v for c, v in _pairs(random, consonants, vowels)) for _ in range(120)}
    words = sorted(made)[:60]
    found = []
    for _ in range(count):
        place = int(random.integers(len(words)))
        chosen = [words[place]]
        for _ in range(int(random.integers(3, 9))):
            place = (2 * place + 1 + int(random.integers(2))) % len(words)
            chosen.append(words[place])
        found.append(" ".join(chosen) + ".")
    return found


def write(folder: Path, counts: dict[str, int]) -> Path:
    """The folder with a file a language, so many lines each."""
    folder.mkdir(parents=True, exist_ok=True)
    for language, count in counts.items():
        (folder / f"{language}.txt").write_text("\n".join(sentences(language, count)) + "\n", encoding="utf-8")
    return folder


def _pairs(random: np.random.Generator, consonants: str, vowels: str) -> list[tuple[str, str]]:
    return [
        (consonants[random.integers(len(consonants))], vowels[random.integers(len(vowels))])
        for _ in range(int(random.integers(2, 5)))
    ]
