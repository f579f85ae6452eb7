# ruff: noqa: E501 - long patterns of words read best on one line
"""What a claim states: a finding, what was done, or what something is; and which claims say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimcheck.foundation.records.audits import Statement
from claimcheck.foundation.words import forms
from claimcheck.synthesis.audit.cuts import letters

__all__ = ["repeats", "statement_of"]

_ACTOR = (
    r"(?:we|the\s+(?:authors?|study|studies|paper|work|article|research(?:ers)?|review|report|experiments?|team|survey)|"
    r"this\s+(?:study|paper|work|article|research|review|report|survey|section|chapter)|our\s+(?:study|paper|work|experiments?|analysis|research))"
)
_DOES = (
    r"(?:use|utili[sz]e|follow|stud(?:y|ie)|investigate|experiment|examine|explore|propose|introduce|present|describe|consider|adopt|employ|apply|"
    r"conduct|perform|focus|aim|seek|analy[sz]e|evaluate|compare|train|fine-?tune|collect|build|construct|develop|design|define|extend|"
    r"review|survey|discuss|address|test|measure|report|select|implement|formulate|ask|hypothesi[sz]e|run|start|rely|include|provide|release|create|combine|"
    r"pre-?train|annotate|sample|split|set|choose|take|make\s+use|carry\s+out|carrie|look)(?:e?s|ed|d)?"
)
_PROCEDURE = re.compile(
    rf"^(?:in\s+(?:this|the|our)\s+\w+,?\s+|first,?\s+|then,?\s+|finally,?\s+|here,?\s+|to\s+[^,]{{3,80}},\s+|for\s+[^,]{{3,80}},\s+)?{_ACTOR}\s+(?:\w+ly\s+|also\s+|then\s+|first\s+)*{_DOES}\b",
    re.I,
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be)\s+(?:\w+ly\s+)?(?:used|trained|fine-?tuned|collected|evaluated|split|sampled|computed|implemented|annotated|initiali[sz]ed|selected|conducted|applied|chosen|randomi[sz]ed|recruited|enrolled|measured|assessed)\b",
    re.I,
)
_DESCRIPTION = re.compile(
    r"\b(?:aims?\s+(?:to|at)|consists?\s+of|comprises?|is\s+composed\s+of|includes?|including|contains?|covers?|spans?|is\s+defined\s+as|refers?\s+to|"
    r"is\s+based\s+on|are\s+based\s+on|is\s+designed\s+to|is\s+a\s+(?:benchmark|dataset|corpus|framework|model|method|technique|collection|suite|language|task|tool|library)|"
    r"(?:involves?|describes?|represents?)|provides?\s+(?:an?\s+)?(?:overview|benchmark|dataset|framework))\b",
    re.I,
)
_RESULT = re.compile(
    r"\b(?:find|finds|found|show(?:s|ed|n)?|reveal(?:s|ed)?|demonstrat\w+|confirm(?:s|ed)?|indicat\w+|suggest(?:s|ed)?|conclude[ds]?|observe[ds]?|discover(?:s|ed)?|establish(?:es|ed)|"
    r"outperform\w*|surpass\w*|exceed\w*|beats?|achiev\w+|reach(?:es|ed)|attain\w*|obtain(?:s|ed)?|yield\w*|improv(?:e|es|ed|ing|ements?)|gains?|increas(?:e|es|ed)|decreas(?:e|es|ed)|reduc(?:e|es|ed|tion)|"
    r"higher|lower|better|worse|best|worst|faster|slower|more\s+\w+\s+than|less\s+\w+\s+than|fewer|larger|smaller|greater|stronger|state[- ]of[- ]the[- ]art|"
    r"significant(?:ly)?|correlat\w+|predict(?:s|ed)|leads?\s+to|led\s+to|results?\s+in|caus(?:e|es|ed)|associated\s+with|benefits?|hurts?|helps?|fails?|failed|degrad\w+|"
    r"no\s+(?:effect|difference|evidence|benefit|improvement)|\d+(?:\.\d+)?\s*(?:%|percent|points?|F1|BLEU|accuracy))\b",
    re.I,
)
# a reason or a relative clause tells of others' findings: "we use X, as it achieves the best results"
_ASIDE = re.compile(
    r",?\s+(?:as\s+(?:it|they|this|these)|because|since|which|whose|given\s+that|in\s+order\s+to|so\s+as\s+to|to\s+(?:see|test|assess|examine|determine|investigate|improve|evaluate|achieve))\b.*$",
    re.I | re.S,
)
_AND_RESULT = re.compile(
    r"\b(?:and|,)\s+(?:we\s+|it\s+|they\s+)?(?:find|show|found|showed|shows|observe[ds]?|reveal\w*|demonstrat\w+|conclude[ds]?|achiev\w+|outperform\w*|report\s+(?:an?\s+)?(?:improvement|gain)s?)",
    re.I,
)
_OBJECT_OF_STUDY = re.compile(
    r"\b(?:stud(?:y|ies|ied)|investigat\w+|examin\w+|explor\w+|analy[sz]\w+|evaluat\w+|compar\w+|measur\w+)\s+(?:the\s+|how\s+|whether\s+|if\s+)",
    re.I,
)

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
SAME = 0.8  # share of the words of two claims together that both have, from which they say the same


def statement_of(text: str) -> Statement:
    """Whether a claim states a finding, a procedure ("The study uses ...") or a description ("X consists of ...").

    Words of a result make it a finding, unless they stand in what was studied or in a reason.
    """
    plain = " ".join(text.split())[:2000]
    bare = _ASIDE.sub("", plain)
    if _PROCEDURE.match(plain):
        if _AND_RESULT.search(bare):
            return "finding"
        # "We achieve" and "we report a gain of" are findings; "we study the effect of", "we use the best model" are none
        return "procedure"
    if _RESULT.search(bare):
        return "finding"
    if _DESCRIPTION.search(plain):
        return "description"
    return "procedure" if _PASSIVE.search(bare) else "finding"


class _Claim:
    """A claim as it is compared with others."""

    def __init__(self, text: str) -> None:
        self.letters = letters(text)
        self.numbers = sorted(_NUMBER.findall(text))
        self.forms = forms(text)

    def says(self, other: _Claim) -> bool:
        short, long = sorted((self.letters, other.letters), key=len)
        if short == long or (len(short) >= 40 and long.startswith(short)):
            return True
        if self.numbers != other.numbers:
            return False
        return len(self.forms & other.forms) >= max(4, SAME * len(self.forms | other.forms))


def repeats(texts: Sequence[str], most: int = 500) -> list[int | None]:
    """For each claim the index of the first earlier one that says the same; beyond `most` claims by letters alone."""
    out: list[int | None] = []
    first: dict[str, int] = {}
    kept: list[tuple[int, _Claim]] = []
    for i, text in enumerate(texts):
        key = letters(text)
        found = first.get(key)
        if found is None and i < most:
            claim = _Claim(text)
            found = next((j for j, other in kept if claim.says(other)), None)
            if found is None:
                kept.append((i, claim))
        out.append(found)
        if key:
            first.setdefault(key, i)
    return out
