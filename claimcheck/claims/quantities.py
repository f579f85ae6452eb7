"""Quantities of a sentence: every number it states, with unit, role, direction, bound, list partner and rounding half-width.

Numbers that name things (citations, "Table 3", "GPT-2", "F1", years, sizes of networks) are left out or marked `other`.
"""

from __future__ import annotations

import re
from typing import Literal

from claimcheck.claims.lists import list_partners
from claimcheck.foundation.numbers import parse_digits
from claimcheck.foundation.records import Bound, Quantity, Role

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_WINDOW = (
    400  # characters around a number that say what it is; a whole hostile sentence for each number would take minutes
)
NUMBER = re.compile(
    rf"(?<![\w.^])(?:(?P<sign>\+|(?:(?<![\w)\]]\s)|(?<=by\s)|(?<=of\s))[\-−–]))?(?P<digits>{_DIGITS})(?![\d])"
)

_POINTS = r"(?:absolute\s+)?(?:percentage|percent|%|accuracy|bleu|f1|em|rouge(?:-[12l])?|f-?1|las|uas|map|mrr)?[\s-]*(?:points?|pts?|pp)\b"
_UNIT = re.compile(
    rf"\+?\s?(?:(?P<points>{_POINTS})|(?P<absolute>\\?%\s*(?:in\s+)?absolute|(?:percent|per\s?cent)\s+absolute)"
    r"|(?P<percent>\\?%|(?:percent|per\s?cent)\b)|(?P<times>(?:(?<=\d)x|(?<=\d)×|times|-?\s?fold)(?![a-zA-Z])(?!\s*\d)))",
    re.I,
)
_MEASURE = re.compile(r"\s(?P<word>BLEU|F1|F-?1|EM|ROUGE(?:-[12L])?|LAS|UAS|MAP|MRR|perplexity|ppl|accuracy)\b", re.I)

# what stands before a number that names something instead of measuring it
_NAMING = re.compile(
    r"(?:\b(?:tables?|tab\.|figures?|figs?\.?|sections?|secs?\.?|§|eqs?\.?|equations?|appendix|chapter|algorithm|alg\.)\s*\(?"
    r"|\b(?:step"
    r"|footnote|annotator|layer|level|version|version|v\.|phase|stage|experiment|exp\.|example|row|rows|column|lines?|line|item|model"
    r"|task|track|subtask|part|theorem|lemma|definition|hypothesis|question|research question|seed|no\.|page|pp?\.|vol\.)\s*"
    r"|§+\s*|\b[A-Za-z]+@|[A-Za-z]-|[=∈≈]\s*|\bp\s*[<>≤≥]\s*|\bk\s*=\s*|[$_^]\s*|(?<!\d)/\s*|https?:\S*|arxiv:\S*|\bC)$",
    re.I,
)
# what stands after a number that counts things of the set-up
_SETUP = re.compile(
    r"[\s-]*(?:(?:hidden|recurrent|convolutional|attention|training|different|dimensional|random|top)\s+)?"
    r"(?:-?d\b|dim|-?gram|layers?|epochs?|heads?|hours?|days?|minutes?|seconds?|ms\b|gb\b|mb\b|gpus?|cpus?|units?|dimension|"
    r"sentences?|words?|tokens?|examples?|instances?|samples?|documents?|articles?|questions?|pairs?|years?|iterations?|steps?|"
    r"batch|neurons?|filters?|nodes?|classes|labels?|types?|relations?|entities|languages?|k\b|m\b|million|billion|thousand|"
    r"runs?|seeds?|folds?|annotators?|people|participants?|parameters?|characters?|dropout|way\b|hop\b|shot\b|bit\b|st\b|nd\b|rd\b|th\b)",
    re.I,
)
# values of the set-up: they stand in no results table
_KNOB = re.compile(
    r"(?:\b(?:learning\s+rates?|dropout|drop-out|momentum|weight\s+decay|decay|batch\s+size|threshold|temperature|probability|margin\s+parameter|"
    r"standard\s+deviation|std\.?|variance|spread|confidence\s+interval|p-?values?|doi:?|regulari[sz]ation|coefficient|patience|clip\w*|norm|epsilon|beta|alpha|gamma|lambda|scale|seed|width|size|dimension\w*|window|ratio|"
    r"initial\w*|penalty|hyper-?parameters?|keep\s+rate|rate)|[αβγδελμσρτ])\s*(?:\w+\s+){0,2}?(?:(?:of|to|is|was|at|as|=|∈|from|between|by|:)\s*)?(?:an?\s+)?(?:\d[\d.,]*\s*(?:,|and|or|to)\s*)*$",
    re.I,
)
_VERSIONED = re.compile(
    r"\b(?!EM\b|F1\b|BLEU\b|ROUGE\b|LAS\b|UAS\b|MRR\b|MAP\b|METEOR\b|PPL\b|WER\b|Δ)(?:[A-Z]+[a-z]*[A-Z]\w*|[A-Z]{2,}|[A-Z]\w+[- ][A-Z]{2,})[ -](?:v\.?\s?)?$"
)
SHARE = "share"  # `aggregation` of "12 % of the sentences": a share of something, no score
_YEAR = re.compile(r"(?:19[5-9]\d|20[0-4]\d)$")

_BOUNDS: list[tuple[Bound, str]] = [
    ("more_than", r"(?:more|greater|higher|larger|better)\s+than|over|above|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?|beyond|>"),
    ("less_than", r"(?:less|lower|smaller|fewer)\s+than|under|below|>?<"),
    ("at_least", r"at\s+least|no\s+less\s+than|a\s+minimum\s+of|≥"),
    ("at_most", r"at\s+most|no\s+more\s+than|a\s+maximum\s+of|≤"),
    ("up_to", r"up\s+to|as\s+(?:much|many|high|large)\s+as"),
    ("about", r"about|around|approximately|approx\.?|roughly|nearly|almost|close\s+to|some|circa|∼|~|≈|an?\s+average\s+of\s+about"),
]  # fmt: skip
_BOUND_RES: list[tuple[Bound, re.Pattern[str]]] = [
    (name, re.compile(rf"(?:\b|(?<=\s)|^)(?:{words})\s*(?:the\s+|an?\s+|\$)?(?:absolute\s+|relative\s+)?$", re.I))
    for name, words in _BOUNDS
]

_UP = r"improv\w*|gain\w*|increas\w*|boost\w*|rais\w*|ris(?:e|es|ing)|rose|higher|better|outperform\w*|surpass\w*|exceed\w*|beat\w*|ahead|grow\w*|advantage|advanc\w*|best|above|more|superior"
_DOWN = r"drop(?!out)\w*|decreas\w*|reduc\w*|declin\w*|degrad\w*|lower\w*|worse\w*|underperform\w*|fall\w*|fell|los(?:e|es|s|ing)|lost|behind|hurt\w*|below|less|deteriorat\w*|diminish\w*|shrink\w*"
# the words of change that take "of" and an amount: an "improvement of 2", never a "best of 91.9"
_CHANGING = r"improv\w*|gain\w*|increas\w*|boost\w*|rise|advantage|drop(?!out)\w*|decreas\w*|reduc\w*|declin\w*|degrad\w*|loss|fall"
_UP_RE, _DOWN_RE = re.compile(rf"\b(?:{_UP})\b", re.I), re.compile(rf"\b(?:{_DOWN})\b", re.I)
_RELATIVE = re.compile(
    r"\brelative(?:ly)?\b|\berror[\s-]+(?:rate\s+)?reduction|\breduc\w+\s+(?:of|in)\s+(?:the\s+)?error|\berror\s+by\b",
    re.I,
)
# words over which a verb of change does not reach its amount
_BREAKS = r"(?:after|in|on|at|with|when|during|for|over|than|below|above|tables?|figures?|sections?)\b"
# "by 2.1", "improvement of 2.1", "a 2.1 gain", "2.1 higher"
_DELTA_BEFORE = re.compile(
    rf"(?:\bby\s+(?:an?\s+)?(?:(?!{_BREAKS})[\w-]+\s+){{0,4}}?|\b(?:{_CHANGING}|difference|margin|gap|change|delta)(?:\s+(?!over|than|best|to\b)\w+){{0,4}}?\s+of\s+(?:[\w-]+\s+){{0,3}}?"
    rf"|\b(?:improvements?|gains?|degradations?|drops?|increases?|decreases?|reductions?|difference)\s+\(\s*(?:of\s+|by\s+)?"
    rf"|\b(?:gain|gains|gained|lose|loses|lost|drops?|dropped|adds?|added|improves?|improved|increases?|increased|decreases?|decreased|reduces?|reduced)\s+(?:(?!{_BREAKS})[\w-]+\s+){{0,3}}?)$",
    re.I,
)
_DELTA_AFTER = re.compile(
    rf"^\s*(?:(?:absolute|relative|overall|average|averaged|F1|BLEU|EM|accuracy|ROUGE\S*|error|scores?|points?|performance|test|%)\s+){{0,3}}(?:{_UP}|{_DOWN}|difference|gap|margin)\b(?!\s*(?:than\s+(?:the\s+)?\d))",
    re.I,
)
_RANGE = re.compile(rf"^\s*(?:[-–—−]|to|and)\s*(?P<high>{_DIGITS})(?![\d.]*\d)", re.I)
_OF = re.compile(r"^\s*(?:out\s+of|of|/)\s+(?:the\s+|all\s+|our\s+|its\s+)?(?P<total>\d+|[a-z]+)\b", re.I)
_WORDS = {
    w: i
    for i, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
        ]
    )
}
_WORD_COUNT = re.compile(
    rf"\b(?P<n>{'|'.join(_WORDS)})\s+(?:out\s+of|of)\s+(?:the\s+|all\s+|our\s+|its\s+)?(?P<total>{'|'.join(_WORDS)}|\d+)\b",
    re.I,
)


def find_quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of one sentence in order, list partners resolved ("8.2 and 7.5 points on SQuAD and MNLI")."""
    masked = mask_citations(text)
    found: list[Quantity] = []
    taken_until = -1
    for m in NUMBER.finditer(masked):
        if m.start() < taken_until:
            continue
        quantity, end = _quantity(masked, text, m)
        taken_until = end
        if quantity is not None:
            found.append(quantity)
    for m in _WORD_COUNT.finditer(masked):
        total = (
            _WORDS.get(m["total"].lower()) or float(m["total"]) if m["total"].isdigit() else _WORDS[m["total"].lower()]
        )
        found.append(
            Quantity(
                text=m[0], value=_WORDS[m["n"].lower()], half_width=0.0, role="count", total=float(total), span=m.span(),
                bound=_bound(masked[max(0, m.start() - _WINDOW) : m.start()]),
            )
        )  # fmt: skip
    found.sort(key=lambda q: q.span)
    return _with_partners(text, _share_units(masked, found))


def mask_citations(text: str) -> str:
    """Citations, links and bracketed years blanked out, length unchanged."""
    out = text
    for pattern in (
        r"https?://\S+",
        r"\((?:[^()]*?\b(?:19|20)\d\d[a-z]?\b[^()]*?)\)",  # (Peters et al., 2018)
        r"\[(?:\d+(?:\s*[,;–-]\s*\d+)*)\]",  # [12, 13]
        r"\b[A-Z][\w-]+\s+(?:et\s+al\.?|and\s+[A-Z][\w-]+)\s*,?\s*(?:19|20)\d\d[a-z]?",
    ):
        out = re.sub(pattern, _blank_unless_result, out)
    return out


def _blank_unless_result(m: re.Match[str]) -> str:
    # "(93.1 F1 on CoNLL 2003)" has a year, yet it is no citation
    if m[0].startswith("(") and re.search(r"\d+\.\d|%|points", m[0]):
        return m[0]
    return " " * len(m[0])


def _quantity(masked: str, text: str, m: re.Match[str]) -> tuple[Quantity | None, int]:
    """The quantity at a number, or None where the number names something; and where it ends."""
    before, after = masked[max(0, m.start() - _WINDOW) : m.start()], masked[m.end() : m.end() + _WINDOW]
    digits = m["digits"]
    value, decimals = parse_digits(digits)
    if after[:1].isalpha() and not re.match(r"(?:x|pp|pts?|pt|k|K|M|B|m)(?![a-zA-Z])", after):
        return None, m.end()  # 300d, 3rd, 2nd
    if re.match(r"\.\d|-\d+[-\w]*-", after) or (
        re.match(r"-[a-zA-Z]", after) and not re.match(r"-(?:points?|fold|pp)", after, re.I)
    ):
        return None, m.end()  # 1.2.3, 5-fold is handled by the unit below
    if _NAMING.search(before) and not _DELTA_BEFORE.search(before):
        return None, m.end()
    if (
        decimals <= 1
        and value < 10
        and _VERSIONED.search(before)
        and not re.match(r"\s?(?:%|points?|x\b|times)", after)
    ):
        return None, m.end()  # "CTB 5.1", "OntoNotes 5.0", "SQuAD 2.0"
    if not decimals and _YEAR.match(digits) and not re.match(r"\s?%", after):
        return None, m.end()

    end, high = m.end(), None
    unit_match = _UNIT.match(masked, end)
    r = _RANGE.match(masked[unit_match.end() : unit_match.end() + _WINDOW]) if unit_match else _RANGE.match(after)
    range_word = (r[0].strip()[:1] if r else "").lower()
    opened = re.search(r"\b(?:between|from|ranging\s+from|ranges?\s+from)\s*$", before, re.I)
    if r is not None:
        upper, upper_decimals = parse_digits(r["high"])
        dash = range_word in "-–—−"
        between = bool(opened and opened[0].strip().lower() == "between" and range_word == "a")
        if upper > value and ((dash and upper_decimals == decimals) or between):
            high = upper
            end = (unit_match.end() if unit_match else end) + r.end()
    unit_match = _UNIT.match(masked, end) or unit_match
    unit, unit_end = "", end
    if unit_match is not None:
        unit = (
            "points"
            if unit_match["points"] or unit_match["absolute"]
            else "percent"
            if unit_match["percent"]
            else "times"
        )
        unit_end = max(end, unit_match.end())
    metric = ""
    measure = _MEASURE.match(masked, end)
    if measure is not None:
        metric = measure["word"]

    behind = masked[unit_end : unit_end + _WINDOW]
    of = _OF.match(behind)
    total = None
    if of is not None and not decimals and not unit:
        word = of["total"].lower()
        total = float(word) if word.isdigit() else float(_WORDS[word]) if word in _WORDS else None
    role = _role(before, behind, unit, total, decimals, m["sign"])
    if role == "value" and not decimals and not unit and not metric and (_SETUP.match(masked, end) or len(digits) < 2):
        role = "other"
    if not unit and _SETUP.match(masked, end) and not of:
        role = "other"
    if role == "value" and _KNOB.search(before[-80:]) and not re.search(r"\berror\s+rates?\b", before[-28:], re.I):
        role = "other"
    span_end = unit_end if of is None or total is None else unit_end + of.end()
    share = _share_of(masked[span_end : span_end + _WINDOW]) if unit == "percent" else ""
    quantity = Quantity(
        text=text[m.start() : span_end].strip(),
        value=value,
        high=high,
        decimals=decimals,
        half_width=0.0 if role in ("count", "rank") else 0.5 * 10.0**-decimals,
        unit=unit,
        role=role,
        direction=_direction(before, behind, m["sign"]) if role in ("delta", "relative", "ratio") else None,
        bound=_bound(before) or ("at_least" if after.startswith("+") else None),
        total=total,
        span=(m.start(), span_end),
        metric=metric,
        condition=share,
        aggregation=SHARE if share else "",
    )
    return quantity, span_end


def _share_of(after: str) -> str:
    """ "of the sentences" behind a percentage: it is a share of something, no score."""
    m = re.match(
        r"\s+(?:of|fewer|less|more)\s+(?:(?:the|all|its|our|their|these|those)\s+)?[a-z][\w-]*(?:\s+[a-z][\w-]+)?|\s+(?!of\b|in\b|on\b|for\b|and\b|or\b|to\b|with\b|from\b|over\b|by\b|at\b|as\b|than\b|when\b|while\b|after\b|using\b|which\b|compared\b|respectively\b|"
        r"report|obtain|achiev|respect|overall|wrt\b|accura|f-?1|f-?score|f-?measure|em\b|exact|precision|recall|error|bleu|rouge|las\b|uas\b|absolute|relative|improve|gain|increase|decrease|drop|reduc|better|higher|lower|worse|top|performance|score|macro|micro|average|unlabel|label|map\b|mrr|test|dev|classification)[a-z]{4,}",
        after,
        re.I,
    )
    return (
        m[0].strip()
        if m and not re.match(r"\s+of\s+(?:accuracy|f1|f-score|precision|recall|the\s+(?:previous|state))", after, re.I)
        else ""
    )


def _clause(before: str) -> str:
    """The words before a number back to the clause's start."""
    cut = max((x.end() for x in re.finditer(r"[;:(]|\.\s|,\s+(?:while|whereas|but|which)\b", before)), default=0)
    return before[cut:][-120:]


def _role(before: str, after: str, unit: str, total: float | None, decimals: int, sign: str | None) -> Role:
    if total is not None:
        return "count"
    clause = _clause(before)
    follows = after[:60]
    bare = (
        re.sub(
            r"(?:\b(?:more|greater|less|fewer|at\s+least|at\s+most|up\s+to|about|around|over|almost|nearly|only|than|roughly|approximately|an?|the|\$|as\s+much\s+as|∼|~)\s*)+$",
            "",
            clause,
            flags=re.I,
        )
        + " "
    )
    relative = bool(_RELATIVE.search(clause[-60:]) or _RELATIVE.search(follows.split(",")[0][:40]))
    if unit == "times":
        # "runs a cell 10 times per step": how often, not how much more
        return "other" if re.match(r"\s+(?:per|an?|each|every|in)\b", follows) else "ratio"
    # "from 80.1 to 85.3": both ends are values, unless a change is measured in points
    is_end = bool(re.search(r"\b(?:from|to)\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){0,2}$", bare, re.I)) and unit != "points"
    at = bool(
        re.search(
            r"\b(?:achiev\w*|obtain\w*|reach\w*|attain\w*|scor\w*|report\w*|at|to|with|is|was|are|of\s+only)\s+(?:an?\s+)?$",
            bare,
            re.I,
        )
    )
    delta = (
        sign in ("+",)
        or unit == "points"
        or bool(_DELTA_BEFORE.search(clause) or _DELTA_BEFORE.search(bare))
        or bool(_DELTA_AFTER.search(follows))
    )
    owned = re.search(rf"\b(?:{_CHANGING}|difference|margin|gap)\s+(?:\w+\s+){{0,3}}?of\b[^,;]*$", clause, re.I)
    if (
        delta
        and not is_end
        and not (at and not owned and not unit and not _DELTA_AFTER.search(follows) and sign is None)
    ):
        if relative and unit in ("percent", ""):
            return "relative"
        return "delta"
    return "value"


def _direction(before: str, after: str, sign: str | None) -> Literal["up", "down"] | None:
    """Up or down by the nearest word of change, a sign first. "Reduces the error by" is down."""
    if sign is not None:
        return "up" if sign == "+" else "down"
    near: list[tuple[int, Literal["up", "down"]]] = []
    ways: tuple[tuple[re.Pattern[str], Literal["up", "down"]], ...] = ((_UP_RE, "up"), (_DOWN_RE, "down"))
    clause = _clause(before)
    follows = re.split(r"[,;.]\s", after[:50])[0]
    for pattern, way in ways:
        near += [
            (len(clause) - x.end(), way)
            for x in pattern.finditer(clause)
            if not re.match(r"more|less|above|below|best", x[0], re.I)
        ]
        near += [(x.start() + 3, way) for x in pattern.finditer(follows)]
    return min(near)[1] if near else None


def _bound(before: str) -> Bound | None:
    for name, pattern in _BOUND_RES:
        if pattern.search(before[-40:]):
            return name
    return None


def _share_units(text: str, found: list[Quantity]) -> list[Quantity]:
    """Numbers of one list share the unit, role, direction and bound that stand beside its last or first member."""
    out = list(found)
    group = [0] if found else []
    for i in range(1, len(found) + 1):
        joined = i < len(found) and re.fullmatch(
            r"\s*(?:(?:on|for|in|over)\s+(?:the\s+)?[\w .()\[\]-]{1,60}?)?\s*(?:,|;|/|,?\s*and|,?\s*or)\s*(?:by\s+|of\s+)?",
            text[found[i - 1].span[1] : found[i].span[0]],
            re.I,
        )
        if joined:
            group.append(i)
            continue
        if len(group) > 1:
            members = [out[j] for j in group]
            if len({q.decimals for q in members}) > 1:
                group = [i]
                continue  # "91.93 and 0.4 BLEU" is no list of one kind
            last, first = members[-1], members[0]
            unit = next((q.unit for q in (last, *members) if q.unit), "")
            role = next((q.role for q in (last, first) if q.role in ("delta", "relative", "ratio")), last.role)
            if all(q.role != "count" for q in members):
                direction = next((q.direction for q in (first, last) if q.direction), None)
                for j in group:
                    q = out[j]
                    # a change at the head of a list makes all its members changes, unless one says what it is itself
                    new_role = role if q.role in ("value", "delta") and q.unit in ("", unit) else q.role
                    out[j] = q.model_copy(
                        update={
                            "unit": q.unit or unit,
                            "role": new_role,
                            "direction": q.direction or direction,
                            "metric": q.metric,
                        }
                    )
        group = [i]
    return out


def _with_partners(text: str, found: list[Quantity]) -> tuple[Quantity, ...]:
    """Each number of a list gets the name at the same place of a list of names of the same length."""
    spans = [q.span for q in found if q.role not in ("other", "count")]
    partners = list_partners(text, spans)
    return tuple(q.model_copy(update={"subject": partners[q.span]}) if q.span in partners else q for q in found)
