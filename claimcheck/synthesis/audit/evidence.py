"""A claim's words in the papers at hand: verbatim, in part, contradicted by a cell, or not there."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from claimcheck.foundation.records import Document, Evidence, Pointer, Sentence, Verdict
from claimcheck.foundation.records.audits import Backing
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.words import forms
from claimcheck.synthesis.audit.cuts import ends_a_sentence, letters

__all__ = ["IN_PART", "Found", "PaperText", "Said", "check_claims", "find"]

# of 378 pairs of a claim and another paper of the same field one passes this share; of 63 claims cut at 120 characters
# all are found verbatim in their own paper
IN_PART = 0.7  # share of a claim's content words that at most three sentences in a row must have
_LEAST = 25  # letters of a claim that are looked for as they are
_WORDS = 4  # content words of a claim that can be found in part
_WINDOW = 3  # sentences
_QUOTE = 400  # characters
_RANK = ("not_found", "in_part", "verbatim")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Said:
    """Where a paper has a claim's words."""

    backing: Backing  # "verbatim", "in_part", or "not_found": all but the claim's numbers
    share: float  # of the claim's content words
    evidence: Evidence
    continuation: str = ""  # how the sentence goes on behind the claim's last letter


@dataclass(frozen=True, slots=True)
class Found:
    """What the papers at hand have of one claim."""

    backing: Backing
    paper: str = ""
    evidence: tuple[Evidence, ...] = ()
    continuation: str = ""
    verdict: Verdict | None = None


class PaperText:
    """A paper's sentences, and its letters in one string with where each sentence begins."""

    def __init__(self, document: Document) -> None:
        self.document = document
        kinds = ("title", "abstract", "body", "caption", "footnote", "other")
        self._sentences = [s for s in document.sentences if s.kind in kinds and any(c.isalnum() for c in s.text)]
        self._starts: list[int] = []
        pieces: list[str] = []
        length = 0
        for sentence in self._sentences:
            self._starts.append(length)
            pieces.append(letters(sentence.text))
            length += len(pieces[-1])
        self._letters = "".join(pieces)

    @cached_property
    def _forms(self) -> list[frozenset[str]]:
        return [forms(s.text) for s in self._sentences]

    def say(self, claim: str) -> Said | None:
        """Where the paper has the claim's words, as they are or most of them with all its numbers.

        Where only its numbers lack, `backing` is "not_found" and the evidence the sentence with the others.
        """
        return self._verbatim(claim) or self._in_part(claim)

    def _verbatim(self, claim: str) -> Said | None:
        wanted = letters(claim)
        if len(wanted) < _LEAST:
            return None
        start = self._letters.find(wanted)
        if start < 0:
            return None
        first = bisect.bisect_right(self._starts, start) - 1
        last = bisect.bisect_left(self._starts, start + len(wanted)) - 1
        used = start + len(wanted) - self._starts[last]
        return Said("verbatim", 1.0, self._evidence(first, last), _behind(self._sentences[last].text, used))

    def _in_part(self, claim: str) -> Said | None:
        wanted = forms(claim)
        numbers = set(_NUMBER.findall(claim))
        if len(wanted) < _WORDS:
            return None
        best: tuple[bool, float, int, int] | None = None
        for i in range(len(self._sentences)):
            if not wanted & self._forms[i]:
                continue
            said: frozenset[str] = frozenset()
            for j in range(i, min(i + _WINDOW, len(self._sentences))):
                said |= self._forms[j]
                share = len(wanted & said) / len(wanted)
                worth = share - 0.05 * (j - i)  # a short place is better than a long one
                if share >= IN_PART and (best is None or (True, worth) > best[:2]):
                    text = " ".join(s.text for s in self._sentences[i : j + 1])
                    one = (numbers <= set(_NUMBER.findall(text)), worth, i, j)
                    best = one if best is None else max(best, one, key=lambda b: b[:2])
        if best is None:
            return None
        whole, worth, first, last = best
        share = worth + 0.05 * (last - first)
        return Said("in_part" if whole else "not_found", round(share, 4), self._evidence(first, last))

    def _evidence(self, first: int, last: int) -> Evidence:
        sentence = self._sentences[first]
        quote = " ".join(s.text for s in self._sentences[first : last + 1])
        return Evidence(quote=quote, pointer=_pointer(self.document, sentence))


def _pointer(document: Document, sentence: Sentence) -> Pointer:
    section = document.sections[sentence.section] if sentence.section >= 0 else None
    name = "" if section is None else f"{section.number} {section.title}".strip()
    return Pointer(
        paper=document.paper.id,
        page=sentence.page,
        box=sentence.box,
        line=sentence.line,
        section=name,
        span=sentence.span,
    )


def _behind(sentence: str, used: int) -> str:
    """What stands in a sentence behind its first `used` letters and digits; "" where only signs follow."""
    count = 0
    for i, character in enumerate(sentence):
        if count == used:
            rest = sentence[i:]
            return rest.strip() if sum(c.isalnum() for c in rest) >= 1 else ""
        count += sum(c.isalnum() for c in character.lower())
    return ""


def find(claim: str, papers: Sequence[PaperText]) -> tuple[Said, str] | None:
    """The best place of a claim among papers and that paper's id; verbatim before in part, then by share."""
    said = [(s, p.document.paper.id) for p in papers if (s := p.say(claim)) is not None]
    return max(said, key=lambda x: (_RANK.index(x[0].backing), x[0].share), default=None)


def check_claims(
    claims: Sequence[str],
    papers: Sequence[PaperText],
    settings: Settings,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Found]:
    """For each claim what the papers say: its words, and the verdict of the checks against cells and text.

    A claim that is cut off is checked as far as the source completes it; where no source does, a refutation of the
    rest of a sentence would not be one, and is left out.
    """
    from claimcheck.checks import check_many
    from claimcheck.claims import claim_of

    said = [find(c, papers) for c in claims]
    documents = [p.document for p in papers]
    whole = [_completed(c, s[0] if s else None) for c, s in zip(claims, said, strict=True)]
    verdicts = check_many([(claim_of(c, documents), documents) for c in whole], settings, on_progress)
    return [
        _found(s, v, complete=ends_a_sentence(c) or c != w, enough=len(forms(c)) >= _WORDS)
        for c, w, s, v in zip(claims, whole, said, verdicts, strict=True)
    ]


def _completed(claim: str, said: Said | None) -> str:
    if said is None or said.backing != "verbatim" or not said.continuation or ends_a_sentence(claim):
        return claim
    glue = "" if claim[-1:].isalnum() and _goes_on_in_word(claim, said) else " "
    return f"{claim.rstrip()}{glue}{said.continuation}"


def _goes_on_in_word(claim: str, said: Said) -> bool:
    """Whether the source's next letter belongs to the claim's last word."""
    quote = said.evidence.quote
    place = quote.rfind(said.continuation)
    return place > 0 and quote[place - 1].isalnum() and said.continuation[:1].isalnum()


def _found(said: tuple[Said, str] | None, verdict: Verdict, *, complete: bool, enough: bool) -> Found:
    refuting = tuple(e for c in verdict.checks if c.label == "refuted" for e in c.evidence)
    if verdict.label == "refuted" and not verdict.abstained and refuting and complete:
        quotes = (said[0].evidence,) if said else ()
        return Found(
            "contradicted",
            refuting[0].pointer.paper or (said[1] if said else ""),
            (*refuting[:3], *quotes),
            said[0].continuation if said else "",
            verdict,
        )
    if said is not None and said[0].backing != "not_found":
        return Found(said[0].backing, said[1], (_short(said[0].evidence),), said[0].continuation, verdict)
    if verdict.label == "supported" and not verdict.abstained and enough:
        supporting = tuple(_supporting(verdict))
        if supporting:
            return Found("in_part", supporting[0].pointer.paper, supporting[:3], "", verdict)
    if not enough:  # too few words to say that they stand nowhere
        return Found("not_checked", verdict=verdict)
    near = (_short(said[0].evidence),) if said is not None else ()
    return Found("not_found", evidence=near, verdict=verdict)


def _supporting(verdict: Verdict) -> Iterator[Evidence]:
    for check in verdict.checks:
        if check.label == "supported":
            yield from check.evidence


def _short(evidence: Evidence) -> Evidence:
    """A quote of one to three sentences, cut where it is longer than a sentence may be."""
    if len(evidence.quote) <= _QUOTE * 3:
        return evidence
    return evidence.model_copy(update={"quote": evidence.quote[: _QUOTE * 3].rsplit(" ", 1)[0] + " …"})
