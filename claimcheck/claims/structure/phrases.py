"""The parts of a sentence that slots are read from: clauses, the phrase before a verb, the phrase after a preposition."""

from __future__ import annotations

import re
from dataclasses import dataclass

from claimcheck.foundation.records import Span

MAX_CHARACTERS = 2500  # a longer sentence is rubble or hostile; nothing of it is read
_MAX_SUBJECT = 200  # characters from a clause's beginning to its verb
# citations in brackets; the names of "Reed et al. (2017) report" stay: they are who is spoken of
_CITATION = re.compile(
    r"\((?:[^()]{0,300}?\b(?:19|20)\d\d[a-z]?\b[^()]{0,300})\)|\[\d+(?:\s*[,;–-]\s*\d+){0,30}\]|https?://\S+|[†‡∗§⋆](?=\s|$)"
)
_NUMBERS = re.compile(r"\d+\.\d|%|points")

# finite verbs with which papers state results
VERB = re.compile(
    r"(?<![\w-])(?:(?:out|under)performs?|(?:out|under)performed|surpass(?:es|ed)?|exceed(?:s|ed)?|beats?|achiev(?:es?|ed)|obtain(?:s|ed)?"
    r"|reach(?:es|ed)?|attain(?:s|ed)?|yield(?:s|ed)?|scor(?:es|ed)|gets?|got|gain(?:s|ed)?|gives?|gave|improv(?:es?|ed)"
    r"|increas(?:es?|ed)|decreas(?:es?|ed)|reduc(?:es?|ed)|drop(?:s|ped)?|rises?|rose|falls?|fell|lags?|lagged|leads?|led"
    r"|performs?|performed|boost(?:s|ed)?|enhances|pushes?|represents?|rais(?:es?|ed)|hurts?|degrad(?:es?|ed)|lower(?:s|ed)|has|have|had|is|are|was|were"
    r"|requires?|needs?|proves?|proved|suffers?|suffered|tends?|tended|seems?|becomes?|became|remains?"
    r"|works?|worked|uses|used|allows?|enables?|exhibits?"
    r"|demonstrates?|outputs?|learns?|learned|generali[sz]es?|takes?|runs?|produc(?:es?|ed)|provid(?:es?|ed)|brings?|brought|sets|establish(?:es|ed)?|jump(?:s|ed)?"
    r"|reports?|reported|benefits?|loses?|lost|adds?|added|ranks?|ranked|wins?|won|match(?:es|ed)?|shows?|showed|compares?"
    r"|results?\s+in|resulted\s+in|costs?|helps?|helped|contribut(?:es?|ed)|makes?|made|does|do|can|could|will|would|may|might)(?![\w-])"
)
# verbs of saying: what they say is the claim
_SAYS = re.compile(
    r"^(?:.{0,200}\b(?:shows?|showed|shown|finds?|found|sees?|seen|observes?|observed|demonstrates?|demonstrated|indicates?|indicated"
    r"|suggests?|suggested|notes?|noted|notice|noticed|reveals?|revealed|confirms?|confirmed|concludes?|means|clear|believe)\s+(?:\w+ly\s+)?"
    r"that\s+|.{0,100}\b(?:shows?|we\s+(?:can\s+)?(?:see|observe|find|note))\s+(?=(?:our\b|the\b|(?-i:[A-Z]))))",
    re.I | re.S,
)
DISCOURSE = re.compile(
    r"^\s*(?:(?:however|moreover|furthermore|in\s+addition|additionally|finally|also|thus|hence|therefore|consequently|besides"
    r"|in\s+particular|particularly|specifically|in\s+fact|interestingly|notably|surprisingly|remarkably|importantly|indeed"
    r"|as\s+a\s+result|as\s+expected|similarly|likewise|nevertheless|nonetheless|meanwhile|instead|again|overall|in\s+contrast"
    r"|by\s+contrast|on\s+the\s+(?:other|one)\s+hand|on\s+the\s+contrary|for\s+(?:example|instance)|first(?:ly)?|second(?:ly)?"
    r"|third(?:ly)?|last(?:ly)?|next|then|in\s+(?:summary|conclusion|short|total|general)|to\s+summarize|more\s+importantly"
    r"|more\s+specifically|not\s+surprisingly|unsurprisingly|on\s+top\s+of\s+that|at\s+the\s+same\s+time|still)\s*,"
    r"|(?:and|but|so|yet|thus|hence|therefore|moreover|furthermore|however|additionally)\b,?|\(?(?:[ivx]+|[a-z\d])\)|[•·–-])\s+",
    re.I,
)
_LEADING = re.compile(
    r"^\s*(?:on|in|for|with|as|at|among|amongst|of|compared|comparing|using|by|without|averaged|unlike|across|over|under|after"
    r"|when|while|whereas|although|though|if|since|because|given|despite|due|from|similar|like|based|to|through|within|even"
    r"|beyond|regarding|concerning|considering|during|before|besides|thanks|trained|evaluated|where)\b[^,]{0,200},\s*",
    re.I,
)
# "On SST-2 it scores": no comma ends the leading phrase
_BARE_LEAD = re.compile(r"^\s*(?:On|In|For|With|At)\s+(?:the\s+)?(?:[\w.+-]+\s+){1,4}(?=(?:it|we|they|our\s+\w+)\s)")
_CUT = re.compile(
    r";|:\s|(?<!\bal)\.\s+(?=[A-Z])|,?\s+(?:while|whereas|although|though)\s+|,\s+but\s+|\s+but\s+(?=(?:it|we|they|not|still|is|are|the|that|does|do|its)\s)|^\s*(?:while|whereas|although|though)\s+"
    r"|,\s+(?:and\s+)?(?=(?:it|we|they|this)\s)|\s+and\s+(?=(?:it|we|they)\s+[a-z]+)",
    re.I,
)
_SUBORDINATE = re.compile(r"^\s*(?:while|whereas|although|though|when|if)\s+", re.I)
DETERMINER = re.compile(
    r"^(?:the|a|an|this|that|these|those|its|their|both|such|each|only|just|even|still|already|also|all\s+of\s+the|each\s+of\s+the)\s+",
    re.I,
)
_TAIL = re.compile(
    r"(?:[\s,]+(?:also|still|even|further|then|again|significantly|consistently|clearly|slightly|substantially|already|only"
    r"|always|generally|usually|often|alone|itself|themselves|now|both|thus|therefore|however|together|not|never"
    r"|is\s+able\s+to|are\s+able\s+to|can|could|will|would|may|might|does|do|did|to|which|that|has|have|had|being|been"
    r"|(?<=\w)ly|[a-z]{3,}ly))+\s*$",
    re.I,
)
_STOP_AFTER = re.compile(
    r"[,;:]|(?<!\bal)\.(?=\s|$)|\s\(|\)|\s(?:by|on|in|for|across|over|when|while|whereas|at|because|since|as|which|that|where|but|if|and\s+(?=\w+(?:s|ed)\s|\d)"
    r"|and\s+(?:we|it|is|are|also|by|achiev\w+|becom\w+|obtain\w+|reach\w+|establish\w*|set|sets|perform\w*|yield\w*|improv\w*|remains?|shows?|has|have|the\s+\w+\s+(?:is|are))|with\s+(?:respect|an?\s|\d|regard|enough|more|less|only|the\s+same)|from|to|than|without\s+any|using|is|are|was|were|has|have"
    r"|achiev\w+|obtain\w+|reach\w+|yield\w+|respectively|despite|although|after|before|during|among|under|even|both|compared"
    r"|suggesting|showing|indicating|demonstrating|proving|making|leading|resulting|in\s+terms|among|except|significantly|consistently|due|thanks)\b",
    re.I,
)
_LOOSE_END = re.compile(
    r"(?:(?:\s+(?:and|or|of|with|without|the|an?|set|except|while|also|much|far|such|proposed|reported|described|introduced|presented|evaluated|tested|considered|trained|learned|based|used"
    r"|with\s+large\s+margins?|and\s+\w+ly|(?!only|family|early|daily)[a-z]{4,}ly))+"
    r"|\s+with\s+[\w\s-]*\d+\.\d+"
    r"|\s+of\s+(?:an?\s+|about\s+|only\s+)?[\d.]+\s?%?(?:\s+\w+)?)$",
    re.I,
)


def without_citations(text: str) -> str:
    """The text with citations blanked out, length unchanged; brackets that state results stay."""
    return _CITATION.sub(lambda m: m[0] if _NUMBERS.search(m[0]) else " " * len(m[0]), text)


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a sentence with a verb of its own; `subject` is the span of what stands before that verb, or None."""

    start: int
    end: int
    verb: Span | None
    subject: Span | None


def trimmed(text: str, span: Span) -> Span:
    """A span without white space at its ends."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def clauses(masked: str) -> list[Clause]:
    """The clauses of a sentence (citations blanked) in order; they cover it."""
    cuts = [0]
    for m in _CUT.finditer(masked):
        if m.start() > cuts[-1] and not _inside_brackets(masked, m.start()):
            cuts.append(m.start())
    # "While A is 1, B is 2": the comma that ends the leading clause
    lead = _SUBORDINATE.match(masked)
    if lead is not None:
        for comma in re.finditer(r",\s", masked[lead.end() :]):
            at = lead.end() + comma.start()
            if VERB.search(masked[lead.end() : at]) and (len(cuts) == 1 or at < cuts[1]):
                cuts.insert(1, at)
                break
    out = []
    for start, end in zip(cuts, [*cuts[1:], len(masked)], strict=True):
        out.append(_clause(masked, start, end))
    return out


def _inside_brackets(text: str, at: int) -> bool:
    return text.count("(", max(0, at - 120), at) > text.count(")", max(0, at - 120), at)


def _clause(masked: str, start: int, end: int) -> Clause:
    begin = start + _skipped(masked[start:end])
    for m in VERB.finditer(masked, begin, end):
        span = _subject(masked, begin, m.start())
        if span is not None:
            return Clause(start, end, m.span(), span)
    first = VERB.search(masked, begin, end)
    return Clause(start, end, first.span() if first else None, None)


def _skipped(text: str) -> int:
    """How many characters of a clause stand before its subject: joining words, leading phrases that a comma ends."""
    at = 0
    for _ in range(6):
        rest = text[at:]
        m = (
            re.match(r"[\s,;:.]+", rest)
            or re.match(r"\s*(?:while|whereas|although|though|but|and|so)\s+", rest, re.I)
            or DISCOURSE.match(rest)
            or _BARE_LEAD.match(rest)
            or (None if _says(rest) else _LEADING.match(rest))
            or _says(rest)
        )
        if m is None or not m.end():
            break
        at += m.end()
    return at


def _says(text: str) -> re.Match[str] | None:
    m = _SAYS.match(text[:300])
    return m if m is not None and not re.search(r"[;,]\s+(?:and|but|while)\b", m[0]) else None


# "with a drop of 2", "the increase": no verb
_NOUN_BEFORE = re.compile(
    r"\b(?:an?|the|its|their|no|any|some|of|with|in|by|for|on|further|significant|large|small|relative|absolute|test|dev)\s+$",
    re.I,
)
_PREPOSITION = re.compile(
    r"(?:on|in|for|at|as|of|by|from|to|than|while|when|if|with|under|over|across|among|given|since)\s", re.I
)
_BAD_SUBJECT = re.compile(
    r"[;:]|\b(?:is|are|was|were|has|have|had|which|who|there|we\s+\w+|it\s+\w+|that\s+\w+|because|as|respectively|not|does|do)\b",
    re.I,
)


def _is_noun(masked: str, start: int, verb: int) -> bool:
    """Whether what looks like a verb is a noun by the word before it: "a drop of 2", "this increase"."""
    before = masked[max(start, verb - 30) : verb]
    if _NOUN_BEFORE.search(before):
        return True
    word = re.compile(r"\w+").match(masked, verb)
    this = re.search(r"\b(?:this|these)\s+$", before, re.I)
    return this is not None and word is not None and not word[0].endswith(("s", "ed"))


def _subject(masked: str, start: int, verb: int) -> Span | None:
    """The span of the noun phrase between a clause's start and its verb, or None where that is no plain phrase."""
    end = verb
    if verb - start > _MAX_SUBJECT or _is_noun(masked, start, verb):
        return None
    tail = _TAIL.search(masked[start:verb])
    if tail is not None:
        if re.search(r"\b(?:which|that)\b", tail[0], re.I):
            return None  # the verb of a relative clause
        end = start + tail.start()
    a, b = trimmed(masked, (start, end))
    text = masked[a:b]
    if not text or len(text) > 120 or len(text.split()) > 12 or _BAD_SUBJECT.search(text):
        return None
    if re.search(r"\b(?:of|in|on|with|for|by|from|to|and|or|the|an?)$", text, re.I) or _PREPOSITION.match(text):
        return None
    plain = re.sub(r"\([^()]*\)", " ", text)
    if "," in plain and not re.search(r",[^,]*\b(?:and|or)\s", plain):
        return None
    if not any(c.isalpha() for c in text):
        return None
    return a, b


def phrase_after(masked: str, start: int, end: int) -> Span | None:
    """The span of the noun phrase that begins at `start` ("BERT" of "than BERT by 2"); None where nothing plain follows."""
    begin = start
    while begin < end and masked[begin].isspace():
        begin += 1
    lead = re.match(
        r"(?:that\s+of|those\s+of|the\s+(?:one|ones|score|scores|results?)\s+of)\s+", masked[begin:end], re.I
    )
    if lead is not None:
        begin += lead.end()
    stop = _STOP_AFTER.search(masked, begin, end)
    a, b = trimmed(masked, (begin, stop.start() if stop else end))
    if stop is not None and re.match(r"\s(?:is|are|was|were|has|have)\b", stop[0]) and " and " in masked[a:b]:
        b = a + masked[a:b].rfind(" and ")  # "all others and the ensemble is": the rest is another clause
    loose = _LOOSE_END.search(masked[a:b])
    if loose is not None:
        b = a + loose.start()
    while b > a and masked[b - 1] in ",;:":
        b -= 1
    if masked[b - 1 : b] == "." and not masked[a:b].endswith(" al."):
        b -= 1
    text = masked[a:b]
    if _PREPOSITION.match(text) or (stop is not None and stop[0] == "," and re.search(r"(?:ed|est|ly)$", text)):
        return None  # "carefully tuned, task-specific taggers": the comma is inside the phrase
    if (
        not text
        or text[0] == "("
        or text.count("[") != text.count("]")
        or len(text.split()) > 9
        or not any(c.isalpha() for c in text)
        or re.match(r"\W*(?:\d|(?:two|three|four|five|several)\s+(?:times|points|orders))", text)
    ):
        return None
    return a, b


def without_determiner(text: str) -> str:
    """A noun phrase without leading "the", "its", "both", and without bracketed remarks at its end."""
    text = re.sub(r"\s*\([^()]*\)\s*$", "", text.strip()).strip(" ,")
    for _ in range(3):
        shorter = DETERMINER.sub("", text)
        if shorter == text:
            break
        text = shorter
    return " ".join(text.split())


def words_between(text: str, a: int, b: int) -> int:
    """How many words stand between two places."""
    return len(text[min(a, b) : max(a, b)].split())
