"""Which systems are a paper's own: coined names, rows marked "ours", rows of other people's work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from claimcheck.foundation.records import Document, Table
from claimcheck.foundation.words import tokens

_OWN = re.compile(r"\b(?:ours|our\s+(?!\w*\s*(?:re-?)?impl|base|re-?impl|reproduc|run)|our$|proposed|this\s+(?:work|paper))", re.I)
_NOT_OWN = re.compile(r"\bour\s+(?:re-?)?(?:impl|baseline|reprod|run|re-?train)|\bre-?impl|et\s+al", re.I)
_CITED = re.compile(r"et\s+al|\([^()]*\b(?:19|20)\d\d|\[[^\[\]]*\b(?:19|20)\d\d|\[\d+(?:\s*,\s*\d+)*\]|\bet\.\s|\(\d{4}[a-z]?\)", re.I)
_NAMED = re.compile(
    r"\b(?:[Ww]e|[Tt]his\s+(?:paper|work))\b[^.]{0,60}?\b(?:propose|present|introduce|call|dub|develop|describe|term|name|denote)[a-z]*\b"
    r"(?P<what>[^.;]{0,160})"
)
_CALLED = re.compile(
    r"\b(?:called|named|dubbed|termed|denoted(?:\s+as)?|refer(?:red)?\s+to\s+as|which\s+we\s+call)\s+(?:the\s+)?(?P<what>[^.;,]{0,40})"
)
# names that everybody's models carry
COMMON_NAMES = frozenset(
    """lstm bilstm rnn cnn gru crf nlp nmt smt mt qa ner pos srl bleu rouge f1 em elmo bert glove word2vec squad snli multinli mnli
    gpu lda svm mlp hmm ccg amr cfg lm rl gan vae ensemble attention encoder decoder seq2seq english iii ii wsj ptb conll
    ontonotes imdb sst trec coref nli rte ud url github acl emnlp naacl""".split()
)


def is_cited(name: str) -> bool:
    """Whether a row or column name cites other people's work ("Seo et al. (2017)", "[7]")."""
    return bool(_CITED.search(name))


def is_own(path: Sequence[str], own: frozenset[str]) -> bool:
    """Whether a header path names a system of the paper's own: it says so ("ours") or its last part carries a name of `own`."""
    name = " ".join(path)
    if _NOT_OWN.search(name):
        return False
    if _OWN.search(name):
        return True
    return bool(own & {t.form for t in tokens(path[-1] if path else "")})


def own_names(document: Document) -> frozenset[str]:
    """The words that name the paper's own systems: coined names in the title before a colon and after "we propose"."""
    texts = [document.paper.abstract, *(s.text for s in document.sentences[:120] if s.kind in ("abstract", "body"))]
    title = document.paper.title or next((s.text for s in document.sentences if s.kind == "title"), "")
    stretches = [title.split(":")[0]] if ":" in title else []
    for text in texts:
        stretches += [m["what"] for pattern in (_NAMED, _CALLED) for m in pattern.finditer(text)]
    return frozenset(form for stretch in stretches for form in _coined(stretch))


def marked_own(tables: Iterable[Table]) -> frozenset[str]:
    """The coined names of rows and columns that some table marks as its own: "HBMP (our model)" names HBMP everywhere."""
    paths: list[tuple[str, ...]] = []
    for t in tables:
        paths += [t.row_path(r) for r in range(t.header_rows, t.height)]
        paths += [t.column_path(c) for c in range(t.width)]
    marked = [p for p in paths if p and is_own(p, frozenset())]
    coined = {form for p in marked for form in _coined(p[-1])}
    # a name that other people's rows carry as well is no name of one's own
    others = {t.form for p in paths if p and p not in marked and is_cited(p[-1]) for t in tokens(p[-1])}
    return frozenset(coined - others)


def _coined(text: str) -> set[str]:
    return {t.form for t in tokens(text) if t.namelike and len(t.form) > 2 and t.form not in COMMON_NAMES}
