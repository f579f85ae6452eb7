"""Words as claims and table headers share them: tokens, canonical forms, stop words, typographic normalisation."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"[^\W\d_]+\d*(?![\w]*[^\W\d_])|[^\W_]*[^\W\d_][^\W_]*|\d+(?:[.,]\d+)*")

# spellings of one thing; the right side is what tokens are compared as
_CANON = {
    "acc": "accuracy", "accuracies": "accuracy", "accurate": "accuracy",
    "prec": "precision", "rec": "recall",
    "fscore": "f1", "fmeasure": "f1", "fone": "f1",
    "avg": "average", "ave": "average", "mean": "average", "averaged": "average", "averages": "average",
    "development": "dev", "validation": "dev", "valid": "dev", "val": "dev", "testing": "test",
    "ppl": "perplexity", "perp": "perplexity", "perplexities": "perplexity",
    "params": "parameter", "param": "parameter", "parameters": "parameter",
    "bidirectional": "bi", "unidirectional": "uni",
    "emb": "embedding", "embed": "embedding", "embs": "embedding",
    "att": "attention", "attn": "attention", "attentive": "attention",
    "pretrain": "pretrained", "pretraining": "pretrained", "pre": "pretrained",
    "finetuned": "finetune", "finetuning": "finetune",
    "sent": "sentence", "rel": "relation", "rest": "restaurant", "lap": "laptop",
    "eng": "english", "en": "english", "ger": "german", "de": "german", "fr": "french", "zh": "chinese", "ar": "arabic",
    "ensembles": "ensemble", "ensembled": "ensemble", "ensembling": "ensemble",
    "baselines": "baseline", "errors": "error", "rouge": "rouge", "ours": "our", "humans": "human",
}  # fmt: skip

STOP = frozenset(
    """a an the of in on at by for to from with and or but nor so as is are was were be been being it its this that these
    those we they them their he she his her i you your us our ours can could may might will would shall should do does did
    done have has had having not no than then there here which who whom whose what when where while how also more most much
    many very only just even still both each every all any some such same other others another between among over under
    above below into onto out up down off about after before during through against via per et al eg ie etc respectively
    using use used uses based show shows shown showing see seen achieve achieves achieved achieving obtain obtains obtained
    obtaining get gets got give gives given yield yields yielded result results resulting model models method methods
    approach approaches system systems performance performances perform performs performed score scores point points
    percent percentage table tables figure figures section compared comparison compare respect set sets data dataset
    datasets task tasks new first one two three however moreover furthermore our paper work proposed propose""".split()
)

OWN = frozenset({"we", "our", "ours", "us", "proposed", "this work", "this paper"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: its canonical form, its characters, where it starts and ends."""

    form: str
    text: str
    start: int
    end: int

    @property
    def namelike(self) -> bool:
        """Whether it is written as a name: capitals inside, or letters and digits mixed."""
        return any(c.isupper() for c in self.text[1:]) or (
            any(c.isdigit() for c in self.text) and any(c.isalpha() for c in self.text)
        )


def plain(text: str) -> str:
    """Compatibility forms folded, accents removed, dashes and quotes made ASCII, white space made single blanks."""
    if text.isascii():  # most words of most papers
        return " ".join(text.split())
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = text.translate(_PUNCTUATION)
    return " ".join(text.split())


_PUNCTUATION = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "“": '"', "”": '"'})


@lru_cache(1 << 16)
def canonical(word: str) -> str:
    """The form a word is compared in: lower case, accents removed, plural s off, known short forms resolved."""
    form = plain(word).lower()
    form = _CANON.get(form, form)
    if len(form) > 3 and form.endswith("s") and not form.endswith(("ss", "us", "is")):
        form = form[:-1]
    return _CANON.get(form, form)


def tokens(text: str) -> list[Token]:
    """The words and numbers of a text in order; hyphenated words in their parts ("BiLSTM-CRF": bilstm, crf)."""
    text = _joined_metrics(text)
    return [Token(canonical(m[0]), m[0], m.start(), m.end()) for m in _TOKEN.finditer(text)]


def _joined_metrics(text: str) -> str:
    """ "F-1", "F1-score", "F-measure", "exact match" as one token each, the text's length unchanged."""
    for pattern, form in _METRICS:
        text = pattern.sub(lambda m, form=form: form.ljust(len(m[0])), text)  # type: ignore[misc]
    return text


_METRICS = [
    (re.compile(r"\bF[- ]?1[- ](?:scores?|measures?)\b", re.I), "F1"),
    (re.compile(r"\bF[- _](?:1|scores?|measures?)\b", re.I), "F1"),
    (re.compile(r"\bF(?:scores?|measures?)\b"), "F1"),
    (re.compile(r"\bexact[- ]match(?:ing)?\b", re.I), "EM"),
    (re.compile(r"\bROUGE[- ](?=[12L]\b)", re.I), "rouge"),
]


def forms(text: str) -> frozenset[str]:
    """The canonical forms of a text's words, stop words left out."""
    return frozenset(t.form for t in tokens(text) if t.form not in STOP)
