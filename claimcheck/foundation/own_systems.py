"""Which systems are a paper's own: coined names, rows marked "ours", rows of other people's work."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from claimcheck.foundation.records import Document, Table
from claimcheck.foundation.words import tokens

_OWN = re.compile(
    r"\b(?:ours|our\s+(?!\w*\s*(?:re-?)?impl|base|re-?impl|reproduc|run)|our$|proposed|this\s+(?:work|paper))", re.I
)
_NOT_OWN = re.compile(r"\bour\s+(?:re-?)?(?:impl|baseline|reprod|run|re-?train)|\bre-?impl|et\s+al", re.I)
_CITED = re.compile(
    r"et\s+al|\([^()]*\b(?:19|20)\d\d|\[[^\[\]]*\b(?:19|20)\d\d|\[\d+(?:\s*,\s*\d+)*\]|\bet\.\s|\(\d{4}[a-z]?\)", re.I
)
_NAMED = re.compile(
    r"\b(?:[Ww]e|[Tt]his\s+(?:paper|work))\b[^.]{0,60}?\b(?:propose|present|introduce|call|dub|term|name)[a-z]*\b"
    r"(?P<what>[^.;:]{0,90})"
)
_CALLED = re.compile(
    r"\b(?:called|named|dubbed|termed|denoted(?:\s+as)?|refer(?:red)?\s+to\s+as|which\s+we\s+call)\s+(?:the\s+)?(?P<what>[^.;,]{0,40})"
)
_CITED_NAME = re.compile(
    r"(?P<name>[\w.+-]+)\s*(?:\((?:[^()]*?\bet\s+al|[A-Z][^()]{0,60}?\b(?:19|20)\d\d)|\[\d|\[[A-Z][^\[\]]{0,60}?\b(?:19|20)\d\d)"
)
_TITLE_NAME = re.compile(r"\s*([\w.+-]+(?:\s[\w.+-]+)?)\s*(?::|\s+at\s+SemEval)")
# names that everybody's models carry
COMMON_NAMES = frozenset(
    """lstm bilstm rnn cnn gru crf nlp nmt smt mt qa ner pos srl bleu rouge f1 em squad snli multinli mnli
    gpu lda svm mlp hmm ccg amr cfg lm rl gan vae ensemble attention encoder decoder seq2seq english iii ii wsj
    ptb conll ontonotes imdb sst trec coref nli rte ud url github acl emnlp naacl""".split()
)


def is_cited(name: str) -> bool:
    """Whether a row or column name cites other people's work ("Seo et al. (2017)", "[7]")."""
    return bool(_CITED.search(name))


def is_own(path: Sequence[str], own: frozenset[str]) -> bool:
    """Whether a header path names an own system: it says so ("ours") or its last part carries a name of `own`."""
    name = " ".join(path)
    last = path[-1] if path else ""
    # "He et al. (2017) + ELMo": other people's system with one's own part added
    added = re.split(r"\)\s*\+", last)[-1] if "+" in last and is_cited(last) else ""
    if added and own & {t.form for t in tokens(added)}:
        return True
    if _NOT_OWN.search(name):
        return False
    if _OWN.search(name):
        return True
    return bool(own & {t.form for t in tokens(last)})


def own_names(document: Document) -> frozenset[str]:
    """The words that name the paper's own systems: coined names in the title before a colon and after "we propose"."""
    texts = [document.paper.abstract, *(s.text for s in document.sentences[:120] if s.kind in ("abstract", "body"))]
    title = document.paper.title or next((s.text for s in document.sentences if s.kind == "title"), "")
    named = _TITLE_NAME.match(title)
    stretches = [title.split(":")[0]] if ":" in title else []
    for text in texts:
        stretches += [m["what"] for pattern in (_NAMED, _CALLED) for m in pattern.finditer(text)]
    coined = {form for stretch in stretches for form in _coined(stretch)} - cited_names(document, share=0.1)
    if named is not None:
        # "Smarnet: …", "Apollo at SemEval-2018 Task 9": a name however it is written
        coined |= {t.form for t in tokens(named[1]) if len(t.form) > 2 and t.form not in COMMON_NAMES}
    return frozenset(coined)


def cited_names(document: Document, share: float = 0.0) -> frozenset[str]:
    """The names of other people's systems: the text cites them right behind the name ("SEASS (Zhou et al., 2017)").

    With `share` only names of whose mentions at least that share are cited: an own system is cited once or twice.
    """
    texts = [s.text for s in document.sentences if s.kind in ("abstract", "body", "caption", "footnote")]
    cells = [c.text for t in document.tables for row in t.grid for c in row[: t.stub_columns] if c.origin is None]
    cited = Counter(
        t.form for text in (*texts, *cells) for m in _CITED_NAME.finditer(text) for t in tokens(m["name"]) if t.namelike
    )
    if not share:
        return frozenset(cited)
    mentioned = Counter(t.form for text in (*texts, *cells) for t in tokens(text) if t.form in cited)
    return frozenset(form for form, n in cited.items() if n >= share * mentioned[form])


def marked_own(tables: Iterable[Table]) -> frozenset[str]:
    """The coined names of rows and columns that a table marks as its own: "HBMP (our model)" names HBMP everywhere."""
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
    return {
        t.form
        for t in tokens(text)
        if t.namelike and len(t.form) > 2 and not t.form[0].isdigit() and t.form not in COMMON_NAMES
    }
