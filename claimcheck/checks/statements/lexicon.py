"""The words that say what a statement asks of a table: directions, extremes, quantities, negation, causes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from claimcheck.foundation.words import canonical

Sense = Literal["better", "worse", "higher", "lower"]
FLIP: dict[Sense, Sense] = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher"}

# words that carry no content of their own; the list is smaller than foundation.words.STOP: "score" and "result" name columns here
STOP = frozenset(
    """a an the of in on at by for to from with and or but nor so as is are was were be been being it its this that these those
    we they them their he she his her i you your us our ours who whom whose what when where while which there here then than how also
    can could may might will would shall should do does did done have has had having s t into onto out up down off about after before
    during through against via per et al eg ie etc respectively both each every all any some such same other another between among
    over under not no more most very only just even still use used using show shows shown see seen note value""".split()
)

_IRREGULAR = {
    "won": "win", "lost": "lose", "held": "hold", "made": "make", "took": "take", "ran": "run", "came": "come",
    "began": "begin", "men": "man", "women": "woman", "people": "person", "children": "child", "countries": "country",
    "cities": "city", "led": "lead", "beat": "beat", "beaten": "beat", "drew": "draw", "sold": "sell",
    "released": "release", "born": "birth", "died": "death", "dead": "death", "founded": "found", "location": "locate",
}  # fmt: skip


@lru_cache(1 << 16)
def stem(word: str) -> str:
    """A word without its inflection: "scored", "scores" and "scoring" are one; numbers stay."""
    form = canonical(word)
    form = _IRREGULAR.get(form, form)
    if form.isdigit() or len(form) < 4:
        return form
    for ending, keep in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("ly", ""), ("s", ""), ("e", "")):
        if form.endswith(ending) and len(form) - len(ending) >= 3 and not form.endswith("ss"):
            form = form[: -len(ending)] + keep
            break
    if len(form) > 3 and form[-1] == form[-2] and form[-1] not in "lsae":
        form = form[:-1]
    return form[:-1] if len(form) > 4 and form.endswith("e") else form


_W = r"(?:\w+\s+){0,3}?"
_COMPARATORS: tuple[tuple[Sense, str], ...] = (
    ("worse", rf"underperform\w*|worse|inferior|poorer|weaker|fall(?:s|ing)?\s+(?:below|behind|short)|lag\w*\s+behind|los[et]s?\s+(?:to|against)|degrad\w+|deteriorat\w+|hurts?|harms?|less\s+(?:well|effective|accurate|robust|successful)|lost\s+{_W}to|worsen\w*"),
    ("better", rf"outperform\w*|better|superior|surpass\w*|beats?|beaten|beating|stronger|improv\w+|exceeds?|exceeded|outscor\w*|defeat\w*|more\s+(?:effective|accurate|robust|successful)|win\s+{_W}against|benefits?|gains?|boosts?"),
    ("lower", r"lower|less|fewer|smaller|shorter|younger|earlier|before|slower|lighter|cheaper|narrower|reduc\w+|decreas\w+|drop(?:s|ped|ping)?|declin\w+|fewest"),
    ("higher", r"higher|greater|larger|more|bigger|longer|taller|older|later|after|faster|heavier|increas\w+|rises?|rose|grows?|grew|newer"),
)  # fmt: skip
# later and newer are greater dates, older and earlier smaller ones; "older" of people is read from the column
_EXTREMES: tuple[tuple[Sense, str], ...] = (
    ("worse", r"worst|poorest|weakest|least\s+(?:effective|accurate|successful)|bottom"),
    ("better", r"best|top|strongest|most\s+(?:effective|accurate|successful|robust)|state[- ]of[- ]the[- ]art|winner"),
    ("lower", r"lowest|least|fewest|smallest|shortest|youngest|earliest|minimum|slowest|lightest|first|oldest|minimal|min"),
    ("higher", r"highest|most|largest|biggest|greatest|longest|tallest|latest|maximum|fastest|heaviest|last|newest|max|peak\w*|maximal"),
)  # fmt: skip
COMPARATORS: tuple[tuple[Sense, re.Pattern[str]], ...] = tuple(
    (sense, re.compile(rf"\b(?:{words})\b", re.I)) for sense, words in _COMPARATORS
)
EXTREMES: tuple[tuple[Sense, re.Pattern[str]], ...] = tuple(
    (sense, re.compile(rf"\b(?:{words})\b", re.I)) for sense, words in _EXTREMES
)
NEGATION = re.compile(
    r"\b(?:not|never|no|none|neither|nor|cannot|without|fails?|failed|hardly|unable|lacks?|nobody|nothing|zero|rather\s+than)\b|n't\b",
    re.I,
)
ALL = re.compile(
    r"\b(?:all|every|each|always|consistently|any|everything|across|entire|whole|both|throughout|in\s+both)\b", re.I
)
OWN = re.compile(r"\b(?:we|our|ours|proposed)\b", re.I)
# numbers that name a place or a work: "Table 3", "(2016)", "et al., 2016"
REFERENCE = re.compile(
    r"(?:\b(?:tables?|tab\.|figs?\.?|figures?|sections?|sec\.|appendix|equations?|eq\.)\s*\(?$)|(?:\bet\s+al\.?,?\s*\(?$)",
    re.I,
)
NOT_ALL = re.compile(
    r"\b(?:not\s+(?:always|necessarily|all|every|consistently|in\s+all)|n't\s+(?:always|necessarily|all))\b", re.I
)
EXCEPT = re.compile(r"\b(?:except|apart\s+from|other\s+than|besides|excluding|but\s+(?:not|one))\b", re.I)
ONLY = re.compile(r"\b(?:only|sole|solely|exclusively|just|unique|uniquely|alone)\b", re.I)
MOST = re.compile(
    r"\b(?:most\s+of|most\s+(?!\w+ly\b)\w+s\b|majority|mostly|mainly|generally|more\s+than\s+half|usually|largely|predominantly)\b",
    re.I,
)
SAME = re.compile(
    r"\b(?:same|identical|equal\w*|tied?|ties|alike|share[sd]?|comparable|similar\w*|on\s+par|close\s+to)\b", re.I
)
DIFFERENT = re.compile(r"\b(?:differ\w*|distinct|unequal|var(?:y|ies|ied|iable)|range[sd]?|unique)\b", re.I)
SUM = re.compile(r"\b(?:total\w*|sum\w*|combined?|altogether|together|overall|in\s+all)\b", re.I)
MEAN = re.compile(r"\b(?:average[sd]?|averaging|means?)\b", re.I)
DELTA = re.compile(
    r"\b(?:by|differences?|gap|margin|points?|improv\w+|increas\w+|decreas\w+|drop\w*|gain\w*|reduc\w+|more|less|fewer|older|younger|"
    r"higher|lower|better|worse|outperform\w*|separate[sd]?|separating|between|declin\w+|degrad\w+|los[st]\w*)\b", re.I,
)  # fmt: skip
RATIO = re.compile(
    r"\b(?:times|twice|double[sd]?|triple[sd]?|half|halves|halved|fold|ratio|percent\w*|relative\w*)\b|%|\dx\b", re.I
)
COUNT = re.compile(
    r"\b(?:there\s+(?:be|is|are|was|were|have|has|exists?)|number\s+of|times?|total\s+of|out\s+of|different|types?|kinds?|of\s+the|"
    r"count|list(?:s|ed)?|consists?|contains?|includ\w+|groups?|categor\w+)\b", re.I,
)  # fmt: skip
# words after which a number is nothing but a count
COUNTED = re.compile(
    r"\b(?:there\s+(?:be|is|are|was|were)|number\s+of|total\s+of|out\s+of|different|distinct|unique|types?\s+of|kinds?\s+of)\b",
    re.I,
)
TREND = re.compile(
    r"\b(?:as|with|when|over|while|along|after|through)\b.{0,60}\b(?:increas\w+|decreas\w+|grow\w*|rises?|larger|smaller|more|fewer|longer|deeper|bigger|higher|lower)\b|"
    r"\b(?:monotonic\w*|steadily|gradual\w*|consistently\s+(?:increas|decreas|improv|grow)\w*|trend\w*|continu\w+|correlat\w+|proportion\w+|saturat\w+|plateau\w*)\b",
    re.I,
)
SPREAD = re.compile(r"\b(?:differences?|gap|spread|rang(?:e|es|ed|ing)|variance|varies)\b", re.I)
CAUSE = re.compile(
    r"\b(?:because|due\s+to|since|therefore|thus|hence|caus\w+|reasons?|attribute[sd]?|attributable|attribution|owing|explain\w*|result(?:s|ing)?\s+(?:in|from)|leads?\s+to|"
    r"thanks|why|so\s+that|in\s+order\s+to|enabl\w+|allow\w*|help\w*|mak(?:es?|ing))\b", re.I,
)  # fmt: skip
HEDGE = re.compile(
    r"\b(?:may|might|could|suggest\w*|indicat\w+|impl(?:y|ies|ying)|likely|possibl\w+|seems?|appear\w*|probabl\w+|hypothes\w+|believe\w*|"
    r"conclu\w+|expect\w*|confirm\w*|demonstrat\w+|capab\w+|need\w*|should|would|potential\w*|hop(?:e|ing)|assume[sd]?|assuming|assumptions?|intuiti\w+|interest\w*)\b", re.I,
)  # fmt: skip
METHOD = re.compile(
    r"\b(?:we|our|us|were\s+\w+ed\s+(?:by|using|with|to|in|for|on|as)|figs?|figures?|section|appendix|equation|statistical\w*|"
    r"significant(?:ly)?|significance|previous|literature|study|studies|training|trained|reported|human\w*|annotat\w+|should)\b", re.I,
)  # fmt: skip
PROSE = re.compile(
    r"\b(?:we|our|results?|shows?|shown|showing|observe[ds]?|models?|methods?|systems?|performance|performs?|however|moreover|overall|"
    r"in\s+(?:general|particular|addition|contrast)|interestingly|effective\w*|approach(?:es)?|benefit\w*)\b", re.I,
)  # fmt: skip
ORDINALS = {
    "second": 2, "third": 3, "fourth": 4, "fifth": 5, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "runner": 2, "sixth": 6,
}  # fmt: skip
NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
    "twenty": 20, "thirty": 30, "once": 1, "twice": 2, "thrice": 3, "zero": 0, "dozen": 12, "single": 1,
}  # fmt: skip
BOUNDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("at_least", re.compile(r"(?:at\s+least|no\s+less\s+than|not?\s+(?:less|fewer|lower)\s+than|minimum\s+of)\s*$", re.I)),
    ("at_most", re.compile(r"(?:at\s+most|no\s+more\s+than|not\s+more\s+than|up\s+to|maximum\s+of|within)\s*$", re.I)),
    ("more", re.compile(r"(?:(?:more|greater|higher|larger|bigger|longer|older|later|better)\s+than|over|above|exceed\w*|after|beyond|surpass\w*|>)\s*(?:an?\s+|the\s+)?$", re.I)),
    ("less", re.compile(r"(?:(?:less|fewer|lower|smaller|shorter|younger|earlier|worse)\s+than|under|below|before|<)\s*(?:an?\s+|the\s+)?$", re.I)),
    ("about", re.compile(r"(?:about|around|approximately|roughly|nearly|almost|close\s+to|some|~|≈)\s*$", re.I)),
)  # fmt: skip
