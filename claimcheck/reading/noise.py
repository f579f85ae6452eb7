"""Tells text from noise: bytes that decode to something, yet hold no words."""

from __future__ import annotations

import re


def is_noise(text: str) -> bool:
    """Whether a text is none: many control characters or replacement marks, or not three words."""
    sample = text[:200_000]
    strange = sum(
        1 for c in sample if (ord(c) < 32 and c not in "\n\r\t\x0c") or c in "\ufffd\x7f" or 0x80 <= ord(c) < 0xA0
    )
    if strange * 20 > len(sample):
        return True
    return len(re.findall(r"[^\W\d_]{2,}", sample)) < 3
