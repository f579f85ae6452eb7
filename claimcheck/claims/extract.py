"""A document's claims: the sentences that state something checkable, whole, each once with every place that says it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from claimcheck.claims.detect import detect
from claimcheck.claims.quantities import find_quantities
from claimcheck.foundation.records import Claim, ClaimKind, Document, Place, Pointer, Quantity, Sentence
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.words import forms

THRESHOLD = 0.30  # of the claim head; a sentence with a result number needs less
NUMERIC_THRESHOLD = 0.05
_RESULT = re.compile(
    r"\b(?:achiev|obtain|reach|attain|yield|scor|outperform|underperform|surpass|exceed|beat|improv|increas|decreas|fall|fell|ris(?:e|es|ing)\b|rose|grow|averag|exact\s+match|map\b|mrr|las\b|uas\b|lower|reduc|drop|gain|boost|"
    r"degrad|better|worse|higher|lower|best|worst|highest|lowest|state[- ]of[- ]the[- ]art|accuracy|f1|bleu|rouge|perplexity|error|"
    r"precision|recall|points?|result|perform)",
    re.I,
)
_TABLE_REF = re.compile(r"\b[Tt]ab(?:le|\.)s?\s*~?\(?((?:[A-Z]\.?)?\d+(?:\.\d+)?[a-z]?)")
_OTHERS_WORK = re.compile(r"^(?:[A-Z][\w-]+\s+(?:et\s+al\.?|and\s+[A-Z][\w-]+)\s*\(?\d{4}|\[\d+\])")
# other people's numbers are claims too, but seldom what a reader asks about first
_MAIN = re.compile(r"\b(?:we|our|ours|this\s+(?:paper|work)|the\s+proposed)\b", re.I)


def extract_claims(document: Document, settings: Settings | None = None) -> list[Claim]:
    """The claims of a document in reading order; with `settings.max_claims` only that many, the most important.

    Every text is a verbatim whole sentence. A claim said several times is one Claim with several places.
    """
    claims = [_claim(document, group) for group in _merge(_candidates(document))]
    limit = settings.max_claims if settings is not None else 0
    if limit and len(claims) > limit:
        kept = set(sorted(range(len(claims)), key=lambda i: (-claims[i].importance, i))[:limit])
        claims = [c for i, c in enumerate(claims) if i in kept]
    return claims


def claim_of(text: str, evidence: Sequence[object] = ()) -> Claim:
    """A claim in somebody's own words, with its quantities.

    Where a document of the evidence says much the same, the claim takes that sentence's surroundings as context, so that
    "our model" and a table named beside it are understood. What the sentence itself says is no evidence.
    """
    text = " ".join(text.split())
    quantities = find_quantities(text)
    said = forms(text)
    places: tuple[Place, ...] = ()
    best = 0.6
    for document in evidence:
        if not isinstance(document, Document):
            continue
        for i, sentence in enumerate(document.sentences):
            if sentence.kind not in ("abstract", "body", "footnote", "caption"):
                continue
            theirs = forms(sentence.text)
            share = len(said & theirs) / max(1, len(said | theirs))
            if share > best:
                best, places = share, (_place(document, i, sentence),)
    return Claim(
        id=Claim.make_id("", text),
        text=text,
        statement=text,
        kind=_kind(text, quantities),
        places=places,
        quantities=quantities,
    )


_Candidate = tuple[int, Sentence, tuple[Quantity, ...], float]


def _candidates(document: Document) -> list[_Candidate]:
    """(index, sentence, quantities, probability) of the sentences that state something checkable."""
    indices = [i for i, s in enumerate(document.sentences) if _readable(document, s)]
    probabilities = detect([document.sentences[i].text for i in indices])
    out: list[_Candidate] = []
    for i, p in zip(indices, probabilities, strict=True):
        sentence = document.sentences[i]
        quantities = find_quantities(sentence.text)
        numeric = any(_is_result(q) for q in quantities) and bool(_RESULT.search(sentence.text))
        if p >= THRESHOLD or (numeric and p >= NUMERIC_THRESHOLD) or _compares(sentence.text):
            out.append((i, sentence, quantities, p))
    return out


_COMPARES = re.compile(
    r"\b(?:second|third)[- ](?:best|highest|lowest)\b|\balso\s+(?:improves?|reduces?|lowers?|increases?)\b|\b(?:adding|removing)\s+\w+\s+(?:also\s+)?(?:improves?|hurts?|reduces?|lowers?|degrades?)\b|"
    r"\b(?:outperform|underperform|surpass)|\b(?:better|worse|higher|lower|faster|slower)\s+(?:\w+\s+){0,3}?than\b"
    r"|\bstate[- ]of[- ]the[- ]art\s+(?:results?|performance|accuracy)|\b(?:the|performs?)\s+(?:best|worst|highest|lowest)\b"
    r"|\bconsistent(?:ly)?\s+(?:improve|gain|outperform|better)|\bdoes\s+not\s+(?:improve|benefit|help|gain)|\b(?:improves?|benefits?)\s+(?:from|over|upon)\b",
    re.I,
)


def _compares(text: str) -> bool:
    return bool(_COMPARES.search(text)) and not text.rstrip().endswith("?")


def _is_result(q: Quantity) -> bool:
    return q.role in ("delta", "relative", "ratio", "count") or (
        q.role == "value" and (q.decimals > 0 or bool(q.unit or q.metric))
    )


def _readable(document: Document, sentence: Sentence) -> bool:
    """Whether a sentence is prose that can claim: no heading, reference or caption, letters enough, no table rubble."""
    if sentence.kind not in ("abstract", "body", "footnote"):
        return False
    if sentence.section >= 0 and document.sections[sentence.section].kind == "references":
        return False
    words = sentence.text.split()
    letters = sum(w[0].isalpha() and len(w) > 1 for w in words)
    numbers = sum(any(c.isdigit() for c in w) for w in words)
    return 5 <= len(words) <= 150 and letters >= 0.5 * len(words) and not (numbers > 12 and numbers > 0.25 * len(words))


def _merge(kept: Sequence[_Candidate]) -> list[list[_Candidate]]:
    """Groups of sentences that say the same: the same result numbers in much the same words, or nearly the same words."""
    groups: list[list[_Candidate]] = []
    keys: list[tuple[frozenset[tuple[float, str]], frozenset[str]]] = []
    # groups by what a sentence must share to be the same claim: a result number, or its two rarest words
    by_sign: dict[object, list[int]] = {}
    said = [forms(c[1].text) for c in kept]
    common = Counter(f for words in said for f in words)
    for candidate, words in zip(kept, said, strict=True):
        numbers = frozenset((q.value, q.unit if q.unit != "percent" else "") for q in candidate[2] if _is_result(q))
        signs: list[object] = [*numbers, *sorted(words, key=lambda f: (common[f], f))[:2]]
        near = sorted({g for sign in signs for g in by_sign.get(sign, ())[:50]})
        home = next((g for g in near if _same(numbers, words, *keys[g])), None)
        if home is None:
            home = len(groups)
            groups.append([])
            keys.append((numbers, words))
            for sign in signs:
                by_sign.setdefault(sign, []).append(home)
        groups[home].append(candidate)
    return groups


def _same(
    numbers: frozenset[tuple[float, str]],
    words: frozenset[str],
    others: frozenset[tuple[float, str]],
    other_words: frozenset[str],
) -> bool:
    """Whether two sentences make the same claim."""
    if not words or not other_words:
        return False
    common = len(words & other_words)
    jaccard, smaller = common / len(words | other_words), common / min(len(words), len(other_words))
    shared = numbers & others
    if shared and shared in (numbers, others):
        return smaller >= 0.55 and jaccard >= 0.3
    return jaccard >= 0.8 and numbers == others


def _claim(document: Document, group: Sequence[_Candidate]) -> Claim:
    """One claim from its sentences; the one that says most numbers, else the first, gives the text."""
    lead = max(group, key=lambda c: (len(c[2]), -c[0]))
    _, sentence, quantities, _ = lead
    places = tuple(_place(document, i, s) for i, s, _, _ in group)
    return Claim(
        id=Claim.make_id(document.paper.id, sentence.text),
        text=sentence.text,
        statement=sentence.text,
        kind=_kind(sentence.text, quantities),
        places=places,
        quantities=quantities,
        importance=round(max(_importance(document, s, q, p) for _, s, q, p in group) + 0.1 * (len(group) > 1), 4),
        probability=round(max(p for *_, p in group), 4),
    )


def _place(document: Document, i: int, sentence: Sentence) -> Place:
    section = document.sections[sentence.section] if sentence.section >= 0 else None
    name = "" if section is None else f"{section.number} {section.title}".strip()
    before = [
        s.text
        for s in document.sentences[max(0, i - 3) : i]
        if s.section == sentence.section and s.paragraph == sentence.paragraph and s.kind == sentence.kind
    ]
    after = [
        s.text
        for s in document.sentences[i + 1 : i + 3]
        if s.section == sentence.section and s.paragraph == sentence.paragraph and s.kind == sentence.kind
    ]
    tables = tuple(dict.fromkeys(m[1] for text in (sentence.text, *before, *after) for m in _TABLE_REF.finditer(text)))
    pointer = Pointer(
        paper=document.paper.id,
        page=sentence.page,
        box=sentence.box,
        line=sentence.line,
        section=name,
        span=sentence.span,
    )
    return Place(pointer=pointer, text=sentence.text, sentence=i, context=" ".join(before), tables=tables)


def _kind(text: str, quantities: Sequence[Quantity]) -> ClaimKind:
    """The kind of a claim, from the plainest sign it gives."""
    results = [q for q in quantities if _is_result(q)]
    if re.search(r"\b(?:ablat\w+|remov(?:e|es|ed|ing)|without\s+(?:the|using)|w/o)\b", text, re.I):
        return "ablation"
    if any(q.role in ("delta", "relative", "ratio") for q in results):
        return "comparison"
    if re.search(r"\b(?:best|worst|highest|lowest|state[- ]of[- ]the[- ]art|rank\w*|second)\b", text, re.I) or any(
        q.role == "count" for q in results
    ):
        return "ranking"
    if re.search(r"\b(?:outperform\w*|underperform\w*|than|surpass\w*|compar\w+)\b", text, re.I):
        return "comparison"
    if results:
        return "numeric"
    if re.search(
        r"\b(?:as\s+\w+\s+(?:increases|grows|decreases)|with\s+(?:increasing|more)|trend|grows?|shrinks?)\b", text, re.I
    ):
        return "trend"
    if re.search(
        r"\b(?:because|due\s+to|causes?|leads?\s+to|results?\s+in|helps?|contribut\w+|benefits?)\b", text, re.I
    ):
        return "causal"
    if re.search(r"\b(?:first\s+to|first\s+\w+\s+(?:that|to)|no\s+(?:previous|prior)|novel)\b", text, re.I):
        return "existence"
    if re.search(r"\b(?:propos\w+|present|introduc\w+|use|uses|consists?)\b", text, re.I):
        return "method"
    return "other"


def _importance(document: Document, sentence: Sentence, quantities: Sequence[Quantity], probability: float) -> float:
    """0 to 1: where it stands, whether it is about the paper's own work, whether it states results."""
    section = document.sections[sentence.section] if sentence.section >= 0 else None
    title = section.title.lower() if section else ""
    place = (
        0.4
        if sentence.kind == "abstract" or (section and section.kind == "abstract")
        else 0.3
        if "conclu" in title
        else 0.15
    )
    if section is not None and section.kind == "appendix":
        place = 0.05
    if re.search(r"introduction|result|experiment|evaluation", title):
        place = max(place, 0.2)
    own = 0.2 if _MAIN.search(sentence.text) else 0.0
    others = -0.15 if _OTHERS_WORK.search(sentence.text) else 0.0
    numbers = 0.15 if any(_is_result(q) for q in quantities) else 0.0
    return max(0.0, min(0.99, place + own + others + numbers + 0.2 * probability))
