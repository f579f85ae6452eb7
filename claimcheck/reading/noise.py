"""Tells text from noise: bytes that decode to something, yet hold no words; terminal codes in a text are neither."""

from __future__ import annotations

import re

# ESC ] ... BEL (or ESC \) sets titles and links, ESC [ ... letter colours and moves; a page shows nothing of them
_TERMINAL_CODE = re.compile(r"\x1b\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]")


def without_terminal_codes(text: str) -> str:
    """The text that a terminal would show: without the escape sequences that colour it or make links."""
    return _TERMINAL_CODE.sub("", text) if "\x1b" in text else text


def is_noise(text: str) -> bool:
    """Whether a text is none: many control characters or replacement marks, or not three words."""
    sample = without_terminal_codes(text[:200_000])
    strange = sum(
        1 for c in sample if (ord(c) < 32 and c not in "\n\r\t\x0c") or c in "\ufffd\x7f" or 0x80 <= ord(c) < 0xA0
    )
    if strange * 20 > len(sample):
        return True
    return len(re.findall(r"[^\W\d_]{2,}", sample)) < 3
