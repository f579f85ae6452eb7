"""What can be seen of a sentence without a model: whether it is prose, and the named features that training looks at."""

from __future__ import annotations

import re

_PATTERNS: dict[str, str] = {
    "shows": r"\b(?:show(?:s|n|ed)?|demonstrat\w+|find(?:s|ings?)?|found|observ\w+|indicat\w+|reveal\w*|confirm\w*|suggest\w*|prove[sdn]?|conclude\w*|evidence)\b",
    "result_words": r"\b(?:results?|experiments?|evaluations?|performances?|empirical\w*)\b",
    "achieves": r"\b(?:achiev\w+|obtain\w*|reach\w*|attain\w*|yield\w*|scor(?:e|es|ed)|gives?|gain(?:s|ed)?)\b",
    "comparative": r"\b(?:better|worse|higher|lower|larger|smaller|faster|slower|more\s+\w+\s+than|less\s+\w+\s+than|superior|inferior|than)\b",
    "superlative": r"\b(?:best|worst|highest|lowest|most|least|state[- ]of[- ]the[- ]art|sota|first|new\s+record)\b",
    "outperforms": r"\b(?:outperform\w*|underperform\w*|surpass\w*|exceed\w*|beat(?:s|en)?|competitive|comparable|on\s+par)\b",
    "change": r"\b(?:improv\w+|increas\w+|decreas\w+|reduc\w+|drop\w*|boost\w*|degrad\w+|gain\w*|declin\w+)\b",
    "significant": r"\b(?:significant\w*|substantial\w*|consistent\w*|considerabl\w+|marginal\w*|effective\w*|robust\w*|efficient\w*)\b",
    "causal": r"\b(?:because|due\s+to|caus\w+|lead(?:s|ing)?\s+to|led\s+to|result(?:s|ed)?\s+in|contribut\w+|helps?|benefit\w*|effects?|affect\w*|associat\w+|correlat\w+)\b",
    "own": r"\b(?:we|our|ours|this\s+(?:paper|work|study))\b",
    "own_system": r"\b(?:our|proposed)\s+(?:\w+\s+){0,2}(?:model|method|approach|system|framework|algorithm|network|architecture)s?\b",
    "propose": r"\b(?:propos\w+|present(?:s|ed)?|introduc\w+|develop(?:s|ed)?|describ\w+|investigat\w+|stud(?:y|ies|ied)|explor\w+|examin\w+|address\w*|aim\w*|goal|purpose|objective)\b",
    "decimal": r"(?<![\w.])\d+\.\d+",
    "percent": r"\d\s?(?:\\?%|percent|points?\b)",
    "table": r"\b(?:tables?|figures?|fig\.)\s*\d",
    "metric": r"\b(?:accuracy|f1|f-?score|f-?measure|bleu|rouge|precision|recall|perplexity|auc|error\s+rate|exact\s+match|wer|map|mrr|p\s*[<=]\s*0?\.\d+)\b",
    "cited": r"\(\s*[A-Z][\w-]+(?:\s+et\s+al\.?)?,?\s+(?:19|20)\d\d|\[\d+(?:,\s*\d+)*\]|\bet\s+al\b",
    "background": r"\b(?:recent(?:ly)?|previous(?:ly)?|traditional\w*|existing|has\s+been|have\s+been|widely|commonly|challeng\w+|important|crucial|task\s+of|often|usually|typically)\b",
    "setup": r"\b(?:we\s+(?:use|used|train|trained|set|follow|apply|adopt|employ|report|compute|compare|evaluate|evaluated)|dropout|learning\s+rate|batch|optimizer|adam|epochs?|hyper-?parameters?|dimension\w*|initiali[sz]ed|consists?\s+of|dataset\s+(?:contains|consists))\b",
    "future": r"\b(?:future|will|would|could|might|may|plan\s+to|hope)\b",
    "conclude_cue": r"\b(?:in\s+conclusion|to\s+summari[sz]e|overall|in\s+summary|we\s+conclude|thus|therefore|hence)\b",
    "negation": r"\b(?:not|no|never|neither|nor|without|fails?)\b",
    "question": r"\?\s*$",
    "definition": r"\b(?:is\s+defined|denote[sd]?|where\s+\w+\s+(?:is|are)|let\s+\w+|refers?\s+to|such\s+that|equation)\b",
    "available": r"\b(?:available|released?|https?://|github|code)\b",
}
NAMES: tuple[str, ...] = (*_PATTERNS, "words", "short", "long", "capital_start")
_COMPILED = [re.compile(p, re.I) for p in _PATTERNS.values()]


def features(sentence: str) -> list[float]:
    """The feature values of one sentence, in the order of NAMES, each between 0 and 1."""
    text = sentence[:4000]
    words = text.split()
    letters = sum(c.isalpha() for c in text)
    return [
        *(1.0 if p.search(text) else 0.0 for p in _COMPILED),
        min(1.0, len(words) / 40),
        1.0 if len(words) < 6 or letters < 20 else 0.0,
        1.0 if len(words) > 60 else 0.0,
        1.0 if text[:1].isupper() else 0.0,
    ]


_MAX_WORDS, _MAX_CHARACTERS = 250, 2500
_WORD = re.compile(r"[^\W\d_]{3,}")


def is_prose(text: str) -> bool:
    """Whether a text can be a sentence of English prose: words enough, mostly letters, mostly Latin, not one word over and over.

    False for equations, rows of tables, control characters, other scripts, and what is far longer than any sentence.
    """
    if len(text) > 4 * _MAX_CHARACTERS:  # white space included
        return False
    words = text.split()
    visible = "".join(words)
    if not 3 <= len(words) <= _MAX_WORDS or len(visible) > _MAX_CHARACTERS:
        return False
    letters = [c for c in visible if c.isalpha()]
    latin = sum(c < "\u0250" for c in letters)
    plain = sum(bool(_WORD.search(w)) for w in words)
    signs = sum(not c.isalnum() and c not in ".,%()" for c in visible)  # numbers are welcome, formulae are not
    return (
        len(letters) >= 0.45 * len(visible)
        and len(letters) >= 4 * signs
        and latin >= 0.8 * len(letters)
        and plain >= max(2, 0.2 * len(words))
        and (len(words) < 30 or len(set(words)) >= 0.25 * len(words))
    )
