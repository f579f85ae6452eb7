"""Whether a sentence of a paper says the same as a claim: the rules for whole papers, the claim's own among them.

Inside one paper a sentence that says the same is consistency, never proof, and a similar sentence never refutes: it may speak
of another model, data set or setting.
"""

from __future__ import annotations

import re

from claimcheck.checks.text.search import Line
from claimcheck.foundation.records import Check, Claim, Evidence

SAME_MEANING = 0.72  # cosine from which a sentence with the same numbers says the same
SAME_WORDS = 0.9  # and from which one without numbers does
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|n't|without|fails?|failed|unable|cannot|hardly|lack(?:s|ed)?)\b", re.I
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?")
_UP = re.compile(
    r"\b(?:increas|rais|ris(?:e|es|ing)\b|higher|greater|improv|more\b|promot|enhanc|gain|better|outperform)", re.I
)
_DOWN = re.compile(
    r"\b(?:decreas|reduc|lower|less\b|fewer|worsen|inhibit|suppress|impair|drop|loss|worse|underperform|degrad)", re.I
)  # fmt: skip


def compare_in_paper(claim: Claim, line: Line, cosine: float) -> Check | None:
    """Supported where meaning, numbers and polarity agree; None otherwise."""
    said = numbers(claim.text)
    if cosine < SAME_MEANING or said != numbers(line.text):  # "between 0.9 and 3.4" is not "3.4"
        return None
    if (not said and cosine < SAME_WORDS) or contrary(claim.text, line.text):
        return None
    score = min(1.0, max(0.0, (cosine - 0.5) * 1.8)) * (0.8 if said else 0.6)
    return Check(
        kind="text",
        label="supported",
        score=round(score, 4),
        evidence=[Evidence(quote=line.text, pointer=line.pointer)],
        reason="the paper says the same elsewhere",
    )


def contrary(a: str, b: str) -> bool:
    """Whether two texts that are otherwise alike say the contrary of each other: one negated, or up against down."""
    negated = (len(_NEGATION.findall(a)) - len(_NEGATION.findall(b))) % 2 == 1
    return negated != (_direction(a) * _direction(b) < 0)


def _direction(text: str) -> int:
    """1 where a text speaks of more or better alone, -1 of less or worse alone, else 0."""
    return bool(_UP.search(text)) - bool(_DOWN.search(text))


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text that can tell two statements apart: all but whole ones of one digit."""
    return frozenset(x.replace(",", "") for x in _NUMBER.findall(text) if "." in x or len(x) > 1)
