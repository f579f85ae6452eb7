"""What kind of claim a sentence makes: signs in its words and numbers, weighed by the small model of kinds_weights.json."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import cast, get_args

from claimcheck.foundation.records import ClaimKind, Quantity

_SIGNS: dict[str, str] = {
    # numbers and how they are introduced
    "achieves": r"\b(?:achiev\w+|obtain\w*|reach\w*|attain\w*|scor(?:e|es|ed|ing)|recorded|measured?|amounts?\s+to|averag\w+|estimate[ds]?)\b",
    "is_number": r"\b(?:is|was|are|were|of|at|to|by|than|in)\s+(?:only\s+|about\s+|r\s*=\s*|κ\s*=\s*)?[-+]?\d[\d.,]*",
    "significance": r"\bp\s*[<=>]\s*0?\.\d+|\b(?:CI|confidence\s+interval|odds\s+ratio|SD)\b|±",
    "own_best": r"\bbest\s+(?:\w+\s+){0,2}(?:run|score|model)\b",
    # one against another
    "than": r"\bthan\b",
    "comparative": r"\b(?:better|worse|higher|lower|larger|smaller|faster|slower|fewer|stronger|weaker|closer|tighter|superior|inferior|preferable|more\s+\w+|less\s+\w+)\b",
    "outperforms": r"\b(?:(?:out|under)perform\w*|surpass\w*|exceed\w*|beats?|beat|wins?|match(?:es|ed)|improv\w+\s+(?:\w+\s+)?(?:over|on|upon))\b",
    "compared": r"\bcompar(?:ed|able|ison)\w*\s*(?:with|to)?\b|\bas\s+\w+\s+as\b|\bon\s+par\b|\bsimilar\b|\bthe\s+same\b",
    "against": r"\b(?:unlike|versus|vs\.?|whereas|whilst|while|baselines?|relative\s+to|over\s+the|gap|difference|differ|margin)\b",
    "gain": r"\b(?:gains?|gained|gain\s+of|points?\s+(?:better|above|over|higher)|reduction|times|[\d.]+\s?x|×)\b",
    # places in an order
    "superlative": r"\b(?:best|worst|highest|lowest|largest|smallest|strongest|weakest|fastest|slowest|cheapest|greatest|most|least|top)\b",
    "rank": r"\brank(?:s|ed|ing)?\b|\b(?:first|second|third|fourth|fifth)\b(?:[- ]best|\s+(?:place|among|in|out))|\bleaderboard\b|\bplace\b",
    "sota": r"\bstate[- ]of[- ]the[- ]art\b|\bsota\b|\bnew\s+record\b|\bno\s+other\b",
    "among": r"\b(?:among|of\s+(?:all|the\s+\w+)|out\s+of|in\s+all|across\s+all|on\s+\w+\s+of\s+(?:the\s+)?\w+)\b",
    # how one thing goes with another
    "as_grows": r"\b(?:as|when|with)\s+(?:the\s+)?(?:\w+\s+){0,5}?(?:increas\w*|grow\w*|decreas\w*|becomes?|ris\w+|lower\w*|larger|more|longer|added)\b",
    "opens_as_grows": r"^(?:as|with)\s+(?:the\s+|more\s+)?(?:\w+\s+){0,4}?(?:increas\w*|grow\w*|decreas\w*|becom\w*|ris\w+|added|more|larger|longer)\b",
    "the_more": r"^the\s+(?:more|less|fewer|\w+er)\b.*,\s*the\b",
    "changes": r"\b(?:increas(?:e|es|ed|ing)|decreas(?:e|es|ed|ing)|grow(?:s|n|ing)?|grew|drop(?:s|ped)?|declin\w+|fell|falls?|ris(?:e|es|ing)|rose|saturat\w+|diminish\w*|decay\w*|shrinks?|flattens?|weaken\w*|deteriorat\w*|degrad\w+|peak(?:s|ed)?|slows?|scales?)\b",
    "over_range": r"\b(?:over\s+time|steadily|monotonic\w*|linear\w*|exponential\w*|gradual\w*|sharply|with\s+(?:the\s+)?(?:number|size|age|amount|square)|between\s+\d{4}\s+and|beyond|correlat\w+|curve|trend\w*|number\s+of|after\s+\w+\s+(?:epochs|hours|days))\b",
    # parts taken out
    "removes": r"\b(?:ablat\w+|remov\w+|without|drop(?:ping)?\s+the|exclud\w+|eliminat\w+|leav\w+\s+out|tak\w+\s+away|turned\s+off|switch\w*\s+off|disabl\w+|omit\w*|w/o)\b",
    "opens_without": r"^(?:without|(?:removing|dropping|excluding|omitting|ablating|eliminating|disabling|leaving\s+out|taking\s+away|turning\s+off)\b)",
    "adds": r"\b(?:add(?:s|ing|ed)?|replac\w+|substitut\w+|variant|components?|module|alone|using\s+only|both|necessary|contribut\w+|further)\b",
    # one thing because of another
    "because": r"\b(?:because|due\s+to|caus\w+|leads?\s+to|led\s+to|leading\s+to|results?\s+(?:from|in)|since|thereby|stems?\s+from|arises?|attribute\w*|explain\w*|mediat\w+|therefore|thus|hence)\b",
    "acts_on": r"\b(?:affects?|helps?|hurts?|impairs?|prevent\w*|reduc(?:e|es|ed|ing)|improv(?:e|es|ed)|protect\w*|inhibit\w*|enabl\w+|increases|raises?|influence\w*|benefits?|limits?|restored?|stabilis\w+|stabiliz\w+|abolish\w*|disrupts?|contributes?|drives?|makes?|slows)\b",
    "associated": r"\b(?:associated\s+with|risk|link(?:ed)?|role|mechanism|effects?|consequence|required|sufficient)\b",
    # that something is, or can be
    "first": r"\b(?:the|are|is)\s+(?:the\s+)?first\b|\bto\s+our\s+knowledge\b|\bnot\s+described\s+before|\bpreviously\s+unknown|\bnew\s+(?:\w+\s+)?(?:genus|loci|family)|\bno\s+previous\b",
    "there_is": r"\bthere\s+(?:is|are|was|were|exists?)\b|\bexists?\b|\bno\s+(?:significant|evidence|association|polynomial)|\bevidence\b|\bfound\s+no\b",
    "possible": r"\b(?:can|could|may|cannot|possible|feasible|able|capable|useful|promising|valid|reliable|applicable|sufficient)\b",
    "shows_that": r"\b(?:show|shows|showed|prove|proves|demonstrat\w+|find|found|reveal\w*|confirm\w*|establish|identif\w+|discover\w*|indicat\w+|suggest\w*|imply|implies|conclude)\b",
    # what was done
    "we_do": r"\bwe\s+(?:\w+ly\s+|first\s+|then\s+|also\s+|only\s+)?(?:use|used|train|trained|set|apply|applied|compute|compare|evaluate|report|present|propose|introduce|describe|investigate|examined?|explore|keep|fine-tune|formulate|measure|follow|call|show\s+(?:the|some)|enrolled|sequenced|searched|reviewed|lowercase|initiali[sz]e|concatenate)\b",
    "done_to": r"\b(?:is|are|was|were)\s+(?:\w+ly\s+)?(?:trained|set|used|split|computed|chosen|drawn|applied|annotated|collected|implemented|estimated|separated|extracted|analysed|analyzed|resized|represented|defined|fed|concatenated|clipped|initiali[sz]ed|assigned|kept|run|taken|transcribed|centrifuged|carried\s+out|randomi[sz]ed|deposited|designed)\b",
    "set_up": r"\b(?:learning\s+rate|dropout|batch(?:\s+size)?|epochs?|optimi[sz]er|adam|hyper-?parameters?|hidden|layers?|encoder|decoder|beam|seeds?|gpus?|splits?|vocabulary|embeddings?|participants?|samples?|questionnaire|corpus|dataset|data\s+set|test\s+set|training\s+set|validation\s+set|parameters|vectors?|architecture|loss)\b",
    "purpose": r"\b(?:in\s+this\s+(?:paper|work|study)|purpose|aim|goal|to\s+(?:evaluate|test|assess|examine|study)|contributions?|consists?\s+of|comprised|contains)\b",
    "formula": r"\b(?:let\s+\w+\s*=|where\s+\w+\s+(?:is|and|are)|is\s+computed|is\s+the\s+sum|softmax|denotes?)\b",
    # what is known
    "known": r"\b(?:recent(?:ly)?|previous(?:ly)?|traditional\w*|existing|earlier|has\s+been|have\s+been|widely|commonly|common|most\s+current|little\s+is\s+known|remains?|unknown|unclear|debated|oldest|history|popular|became|usually|often|many|several|known\s+(?:to|risk)|well\s+understood|worldwide|challenge\w*|problem|obstacle|threats?|expensive)\b",
    "is_a": r"\b(?:is|are|remains?)\s+(?:a|an|the|one\s+of|among)\b",
    "cited": r"\(\s*[A-Z][\w-]+(?:\s+(?:et\s+al\.?|and\s+[A-Z][\w-]+))?,?\s*(?:19|20)\d\d|\bet\s+al\b|\((?:19|20)\d\d\)|\[\d+(?:,\s*\d+)*\]",
    # what leads through the paper, or is no statement
    "leads": r"\b(?:section|appendix|figure\s+\d+\s*[:.]|table\s+\d+\s*:|see\s+table|as\s+follows|following|next|rest\s+of|refer\s+the\s+reader|details|summari[sz]ed\s+in|(?:is|are)\s+(?:shown|given|listed)\s+(?:in|at)|turn\s+to|columns?|outlined|discussed?|star|bold|parentheses)\b",
    "future": r"\b(?:future|we\s+will|would\s+like|would\s+be\s+to|could\s+perhaps|plan\s+to|hope|further\s+(?:research|trials)|more\s+(?:research|experiments)|needed|warranted|open\s+question|leave|interesting\s+direction)\b",
    "thanks": r"\b(?:thank|supported\s+by|grant|copyright|all\s+rights|authors?|keywords|registration|registered|available|release|conflict|department|university|equally)\b",
    "asks": r"\?\s*$|\bwe\s+ask\b|\bwhether\b|\bhypothesis\s+is\b",
    "own": r"\b(?:we|our|ours|this\s+(?:paper|work|study))\b",
    "negated": r"\b(?:not|no|never|neither|nor|little|hardly)\b",
    "table": r"\b(?:tables?|figures?|fig\.|rows?)\s*\d*",
}
_COMPILED = {name: re.compile(pattern, re.I) for name, pattern in _SIGNS.items()}
_NUMBERS = ("values", "decimals", "changes", "counts", "set_up_numbers", "short", "no_capital")
NAMES: tuple[str, ...] = (*_SIGNS, *_NUMBERS)
_MAX_CHARACTERS = 1500


def signs(text: str, quantities: Sequence[Quantity]) -> list[float]:
    """0 or 1 for each of NAMES."""
    text = " ".join(text[: 2 * _MAX_CHARACTERS].split())[:_MAX_CHARACTERS]
    values = [q for q in quantities if q.role == "value"]
    numbers = (
        any(q.unit or q.metric or q.decimals for q in values),
        any(q.decimals for q in values),
        any(q.role in ("delta", "relative", "ratio") for q in quantities),
        any(q.role in ("count", "rank") for q in quantities),
        any(q.role == "other" for q in quantities),
        len(text.split()) < 7,
        not text[:1].isupper(),
    )
    return [float(bool(p.search(text))) for p in _COMPILED.values()] + [float(x) for x in numbers]


@cache
def _model() -> tuple[tuple[str, ...], tuple[float, ...], tuple[tuple[float, ...], ...]]:
    data = json.loads(resources.files(__package__).joinpath("kinds_weights.json").read_text("utf-8"))
    kinds = tuple(data)
    if set(kinds) != set(get_args(ClaimKind)):
        raise ValueError(f"kinds_weights.json has the kinds {kinds}")
    weights = tuple(tuple(float(data[kind]["weights"][name]) for name in NAMES) for kind in kinds)
    return kinds, tuple(float(data[kind]["bias"]) for kind in kinds), weights


def kind_of(text: str, quantities: Sequence[Quantity]) -> ClaimKind:
    """The likeliest kind of what a sentence states; any text has one, "other" where it states nothing."""
    if not any(c.isalpha() for c in text):
        return "other"
    kinds, biases, weights = _model()
    found = signs(text, quantities)
    scores = [b + sum(w for w, x in zip(row, found, strict=True) if x) for b, row in zip(biases, weights, strict=True)]
    return cast(ClaimKind, kinds[scores.index(max(scores))])
