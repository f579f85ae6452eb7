"""Which rows and columns of a paper's tables are its own systems, by its title, its sentences and how the rows are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from claimcheck.foundation.own_systems import COMMON_NAMES, cited_names, is_cited, is_own
from claimcheck.foundation.records import Document, Table
from claimcheck.foundation.words import STOP, forms, tokens

Bools = NDArray[np.bool_]


def phrases_of(document: Document, title: str) -> frozenset[str]:
    """What the paper may call its own systems, in small letters: phrases of its title, their short forms, what is "our"."""
    return _title_phrases(title) | _short_names(document, title) | _called_ours(document)


_FULL = re.compile(r"^(?:our\s+|the\s+)?(?:full|complete|whole)(?:\s+(?:model|system|method|features?))?\W*$", re.I)
WORDS = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def _title_phrases(title: str) -> frozenset[str]:
    """What a title may call the paper's own system: its hyphenated words and each two words in a row, in small letters.

    "In-Order Transition-based Parsing" gives "in-order", "transition-based" and the pairs. Pairs that hold a little word
    ("of", "with") name nothing, and what is made of everybody's parts ("LSTM-CRF") names nobody's system.
    """
    words = [w.lower() for w in WORDS.findall(title)]
    found = {f"{a} {b}" for a, b in pairwise(words) if not {a, b} & STOP and len(a) > 2 and len(b) > 2}
    found |= {w for w in words if "-" in w and len(w) > 5}
    return frozenset(p for p in found if not set(re.split(r"[ -]", p)) <= COMMON_NAMES)


# "#5 Evaluator", "(3) w/o gating": how rows are counted
NUMBERED = re.compile(r"^\s*(?:[#&$*]\s?\d+|\(?\d{1,2}[.)])\s*")
_TAKEN_OUT = re.compile(r"^\W*(?:[-−–]|w/?\s?o\.?|without|no|not|remov(?:ing|e)|minus)(?:\s|(?<=[-−–]))", re.I)


def own_headers(paths: Sequence[tuple[str, ...]], own: frozenset[str], phrases: frozenset[str]) -> Bools:
    """Which rows (or columns) are the paper's own: they say so, carry one of its coined names, are the "full model" of an
    ablation, or, where none is, begin with a phrase of the title (or its short form) and cite nobody."""
    leaves = [NUMBERED.sub("", p[-1]) if p else "" for p in paths]
    found = [
        (bool(leaf) and not _TAKEN_OUT.match(leaf) and (is_own((*p[:-1], leaf), own) or _carries(leaf, own)))
        or bool(_FULL.match(leaf))
        for p, leaf in zip(paths, leaves, strict=True)
    ]
    if not any(found):
        found = [
            bool(p) and not is_cited(" ".join(p)) and not _TAKEN_OUT.match(leaf) and _begins(leaf, phrases)
            for p, leaf in zip(paths, leaves, strict=True)
        ]
    return np.array(found, dtype=bool)


def _carries(name: str, own: frozenset[str]) -> bool:
    """Whether a word of a name is an own name with what everybody's models are made of behind it ("E2Trnn")."""
    return not is_cited(name) and any(
        t.form.startswith(o) and t.form[len(o) :] in COMMON_NAMES for t in tokens(name) for o in own if len(o) > 2
    )


def _begins(name: str, phrases: frozenset[str]) -> bool:
    text = " ".join(name.lower().split())
    return any(text.startswith(p) and not text[len(p) : len(p) + 1].isalnum() for p in phrases)


SHORT = re.compile(r"(?P<long>(?:[A-Za-z][\w-]*\s+){2,6})\(\s*(?P<short>[A-Z][\w.+-]{1,14})\s*\)")
_OWN_SENTENCE = re.compile(r"\b(?:we|our|this\s+(?:paper|work))\b|\bpropos|\bintroduc|\bpresent", re.I)


_OUR = re.compile(
    r"\b[Oo]ur\s+(?:(?:proposed|full|final|best|single|new|main|own)\s+)*(?P<name>[A-Z][\w.+-]*[\w+])"
    r"(?![\w-]*\s+(?:baseline|(?:re-?)?implementation|reimplementation))"
)


def _called_ours(document: Document) -> frozenset[str]:
    """The compound names that the text says "our" to ("our Evaluator-SLM-based method"), in small letters.

    Names made of everybody's parts, and names of other people's systems, are left out.
    """
    cited = cited_names(document, share=0.1)
    out = set()
    for m in (m for s in document.sentences if s.kind != "caption" for m in _OUR.finditer(s.text)):
        name = m["name"].lower().removesuffix("-based")
        parts = {p for p in re.split(r"[-.+]", name) if p}
        if len(parts) > 1 and not parts <= COMMON_NAMES and not parts & cited and not _common(name):
            out.add(name)
    return frozenset(out)


def shortened(tables: Sequence[Table], title: Sequence[str]) -> frozenset[str]:
    """The row names that shorten words of the title in their order, one of them said whole: "R.M-Reader" of "Reinforced
    Mnemonic Reader for ...", in small letters."""
    words = [w.lower() for part in title for w in part.split("-")]
    out = set()
    for name in {t.row_path(r)[-1] for t in tables for r in range(t.header_rows, t.height) if t.row_path(r)}:
        found = _WORDS_OF_NAME.match(name)
        parts = [p.lower() for p in re.split(r"[-. ]", found[0])] if found else []
        whole = [p for p in parts if len(p) > 3]
        if len(parts) < 2 or not whole or len(whole) == len(parts) or set(whole) <= COMMON_NAMES:
            continue
        for i in range(len(words) - len(parts) + 1):
            window = words[i : i + len(parts)]
            if all(w == p or (len(p) == 1 and w[0] == p) for w, p in zip(window, parts, strict=True)):
                out.add(found[0].lower() if found else "")
    return frozenset(out - {""})


_WORDS_OF_NAME = re.compile(r"[A-Za-z]+(?:[-. ][A-Za-z]+)+")


def _common(name: str) -> bool:
    """Whether a name is made of what everybody's models are made of ("blstm", "bi-lstm")."""
    return any(part in name for part in COMMON_NAMES if len(part) > 2)


def _short_names(document: Document, title: str) -> frozenset[str]:
    """What the paper shortens words of its title to: "the Reinforced Mnemonic Reader (R.M-Reader)", in small letters."""
    said = forms(title)
    out = set()
    texts = [document.paper.abstract, *(s.text for s in document.sentences[:120])]
    for m in (m for text in texts if _OWN_SENTENCE.search(text) for m in SHORT.finditer(text)):
        capitals = sum(c.isupper() for c in m["short"])
        words = re.findall(r"[^\W_]+", m["long"])[-capitals:]
        long = forms(" ".join(words))
        if (
            capitals > 1
            and len(m["short"]) > 2
            and long
            and len(long & said) >= 0.6 * len(words)
            and not _common(m["short"].lower())
        ):
            out.add(m["short"].lower())
    return frozenset(out)
