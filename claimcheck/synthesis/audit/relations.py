"""Whether a cited paper has anything to do with the report: its title and abstract beside the question and claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.records import Paper
from claimcheck.foundation.words import STOP, tokens

__all__ = ["BEARING", "WORDS", "Relation", "relations"]

# Chosen on 7 lists of claims out of NLP papers: 378 papers of that field, of the same task or of another, all have a
# cosine of 0.2 or more (the least 0.21); of 280 biomedical abstracts 96 % have less, and with the words as a second
# chance 91 % are told apart. What has no bearing here is of another field; another task of the field has some.
BEARING = 0.2  # cosine below which a paper and a report are about different things, if their words say so too
WORDS = 5  # content words that a paper shares with a report about the same thing
_MOST_CLAIMS = 300


@dataclass(frozen=True, slots=True)
class Relation:
    """The largest cosine of a paper with the question or a claim, the words they share, and what that comes to."""

    cosine: float
    shared: tuple[str, ...]

    @property
    def bears(self) -> bool:
        return self.cosine >= BEARING or len(self.shared) >= WORDS


def relations(
    papers: Sequence[Paper | None], question: str, claims: Sequence[str], encoder: SentenceEncoder
) -> list[Relation | None]:
    """For each paper how it relates to a report; None for None, and where a report or a paper has no words."""
    asked = [t for t in (question, *claims[:_MOST_CLAIMS]) if t.strip()]
    texts = [" . ".join(x for x in (p.title, p.abstract) if x) if p is not None else "" for p in papers]
    if not asked or not any(texts):
        return [None] * len(papers)
    ours = encoder.encode(asked)
    theirs = encoder.encode(texts)
    said = Counter(w for t in asked for w in set(_content(t)))
    out: list[Relation | None] = []
    for text, vector in zip(texts, theirs, strict=True):
        if not text:
            out.append(None)
            continue
        shared = sorted(set(_content(text)) & set(said), key=lambda w: (said[w], w))
        out.append(Relation(round(float((ours @ vector).max()), 4), tuple(shared[:12])))
    return out


def _content(text: str) -> list[str]:
    """Words that name something: no stop words, no numbers, no short ones that are no name."""
    return [
        t.form
        for t in tokens(text)
        if t.form not in STOP
        and t.form not in _COMMON
        and any(c.isalpha() for c in t.form)
        and (len(t.form) > 3 or t.namelike)
    ]


_COMMON = frozenset(
    """study research author large larger small different various important improve improvement increase reduce effect
    training train trained test learn learning existing experiment propose provide present recent state art further
    across within several human language neural network deep feature input output high higher best better analysis
    problem information significant evaluate evaluation benchmark pretrained finetune multiple general specific
    process application domain algorithm accuracy baseline investigate impact""".split()
)
