"""Word errors of the PDF reader: the text of a compiled paper against the LaTeX reader's text of the same source.

    python -m benchmarks.reading.words [PATH ...] [--show N] [--out FILE]

A path is a LaTeX folder or file; without any the sample paper, the generated documents and the papers of the
development data are taken. Compared are the running text (abstract, body, appendix), captions and footnotes; headings,
references, the front matter and the cells of tables have other benchmarks. Captions and footnotes are paired by the
words that they share, as floats stand elsewhere in print than in the source.

What is made equal on both sides before words are compared, by rule and never by file:

- letter case, accents' composition, dashes, quotes and minus signs: small capitals and fonts print them differently;
- citations: a bracket around numbers and a bracket with a year are taken away with the authors before it, as the
  source holds a key, and what is printed is the style's choice; so are "??" and "(?)", which TeX prints for a lost key;
- "Table 3:" before a caption, a footnote's mark and the label of a list's item, which the source does not hold;
- a footnote of the first page that has no partner in the source: the front matter's (thanks, a conference's notice);
- displayed formulas, and in inline formulas brackets, operators and the marks "^" and "_": a formula prints in two
  dimensions, and where a space stands in it is no property of the text. Runs of words that are the same but for spaces
  are equal where one of them is a formula's (a digit, a letter alone, a letter with a script).

The error rate is (substituted + missing + extra) / words of the source, with one alignment of the two texts (the
longest common runs first), which is never below the least possible rate. A sentence of the source is found whole where
one sentence of the PDF has the same letters and digits.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

from benchmarks.common import RESULTS, ROOT, data_folder, latex_papers, paper_name, percent, print_table, write_result
from benchmarks.reading.compiled import compiled
from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Document, Paper, Sentence
from claimcheck.reading.latex import read_latex
from claimcheck.reading.pdf import read_pdf

KINDS = (
    "joined words", "split words", "hyphens", "ligatures", "order", "scripts and formulas", "missing", "extra",
    "other words",
)  # fmt: skip
SOURCES = {".tex", ".ltx", ".latex", ".bib", ".bbl", ".sty", ".cls"}

_SAME = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—−―", "-"),
        **dict.fromkeys("‘’‚‛′`", "'"),
        **dict.fromkeys("“”„″«»", '"'),
        "ı": "i",
        "\u00ad": None,
    }
)
_CITATION = re.compile(
    r"\[[\d\s,;?-]+(?:,[^\[\]]{0,40})?\]"  # [3, 4-6], [?], [3, Section 2]
    r"|\((?=[^()]{0,600}(?:\b|[a-z_:])(?:1[89]|20)\d\d)(?:[^()]|\([^()]{0,80}\)){0,600}\)"  # (Smith et al., 2019; ...)
    r"|\(\s*\?[\s?;,]*\)|\?\?"
)
# the authors before a year or number in brackets: a citation in the text, printed by the style
_NAMED = re.compile(
    r"(?:(?:van|von|de|der|den|la|le|di|el) ){0,3}[A-ZÀ-Þ][\w'’-]+"
    r"(?:,? (?:and|&) (?:(?:van|von|de|der|den) ){0,2}[A-ZÀ-Þ][\w'’-]+| et al\.?)?"
    r",? (?=\((?:(?:1[89]|20)\d\d|\s*\?|[^()\s]{1,40}\d\d[^()\s]{0,20}\)))"
)
_CAPTION = re.compile(r"\s*(?:table|figure|fig\.?|algorithm|listing)\s*[a-z]?\.?\d*(?:\.\d+)*\s*[:.]\s*")
_ITEM = re.compile(r"^\s*(?:[•◦▪*-]\s+|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)\s+|\d{1,2}\.\s+)")
_WORD = re.compile(r"(?:(?<![^\W_])-(?=\.?\d))?[^\W_]+(?:[-'.][^\W_]+|(?<=\d),(?=\d)[^\W_]+)*")
_SCRIPTS = re.compile(r"\^(\{[^{}]*\}|\w)_(\{[^{}]*\}|\w)")  # one over the other: the source may write either first
_RELATION = re.compile(r"[=≤≥∈≈∝→←≜:]|[<>]")
_LIGATURES = re.compile(r"f+i|f+l|ff")
_LATIN = re.compile(r"[a-z]{3,}")


@dataclass
class Measured:
    """Words and errors of one document; `examples` holds (kind, printed in the source, read from the PDF)."""

    words: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    sentences: int = 0
    whole: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)  # sentences that are not found whole


def normalised(text: str) -> str:
    """Text as it is compared: one case, one sort of dashes and quotes, no citations, no marks of scripts."""
    text = _ITEM.sub("", unicodedata.normalize("NFKC", text).translate(_SAME))
    text = _SCRIPTS.sub(r"_\2^\1", _NAMED.sub(" ", text)).casefold()
    text = _CITATION.sub(" ", _CITATION.sub(" ", text))
    return re.sub(r"[_^{}\\]", "", re.sub(r"\s+", " ", text))


def words_of(text: str) -> list[str]:
    """The words of a normalised text, without the punctuation around them."""
    return _WORD.findall(text)


def key_of(text: str) -> str:
    """The letters and digits of a normalised text."""
    return "".join(c for c in text if c.isalnum())


def is_formula(text: str) -> bool:
    """Whether a normalised sentence is a displayed formula: a relation sign, and fewer than three plain words."""
    plain = [w for w in re.findall(r"(?<![\w(])[a-z]{3,}(?![\w(=])", text) if w not in {"exp", "log", "max", "min"}]
    return len(plain) < 3 and bool(_RELATION.search(text))


def running_text(document: Document) -> list[Sentence]:
    """The sentences of abstract, body and appendix after the front matter, without displayed formulas."""
    return [
        s
        for s in document.sentences
        if s.kind in ("abstract", "body") and s.section >= 0 and not is_formula(normalised(s.text))
    ]


def asides(document: Document, kind: str, *, front: bool = True) -> list[list[str]]:
    """The words of each caption or footnote; with `front` false, without those of the first page."""
    groups: dict[int, list[str]] = {}
    for s in document.sentences:
        if s.kind == kind and (front or s.page != 1):
            groups.setdefault(s.paragraph, []).append(s.text)
    texts = (normalised(" ".join(g)) for g in groups.values())
    return [w for w in (words_of(_CAPTION.sub("", t, count=1) if kind == "caption" else t) for t in texts) if w]


def paired(source: Sequence[list[str]], printed: Sequence[list[str]]) -> list[tuple[list[str], list[str]]]:
    """Captions or footnotes in pairs, most shared words first; what is left over has an empty partner."""
    scores = sorted(
        (
            ((Counter(a) & Counter(b)).total() / max(len(a), len(b)), -i, -j)
            for i, a in enumerate(source)
            for j, b in enumerate(printed)
        ),
        reverse=True,
    )
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for score, i, j in scores:
        if score > 0.2 and -i not in partner and -j not in taken:
            partner[-i] = -j
            taken.add(-j)
    pairs = [(a, printed[partner[i]] if i in partner else []) for i, a in enumerate(source)]
    return pairs + [([], b) for j, b in enumerate(printed) if j not in taken]


def compare(source: Sequence[str], printed: Sequence[str], found: Measured) -> None:
    """Adds the words and errors of one pair of texts to `found`."""
    found.words += len(source)
    changes = [c for c in SequenceMatcher(None, source, printed, autojunk=False).get_opcodes() if c[0] != "equal"]
    moved = _moved(source, printed, changes)
    for number, (_, a0, a1, b0, b1) in enumerate(changes):
        left, right = list(source[a0:a1]), list(printed[b0:b1])
        kind = "order" if number in moved else kind_of(left, right)
        if kind is None:
            continue
        found.errors[kind] += max(len(left), len(right))
        around = " ".join(source[max(0, a0 - 3) : a0])
        found.examples.append((kind, f"{around} [{' '.join(left)}]", " ".join(right)))


def kind_of(source: Sequence[str], printed: Sequence[str]) -> str | None:
    """The kind of error where `printed` was read for `source`; None where the two differ by a formula's spaces only."""
    a, b = "".join(source), "".join(printed)
    formula = any(_in_formula(w) for w in (*source, *printed))
    if key_of(a) == key_of(b):
        if source == printed or formula:
            return None
        if "-" in a + b:
            return "hyphens"
        return "joined words" if len(printed) < len(source) else "split words"
    if a and b and _LIGATURES.sub("", key_of(a)) == _LIGATURES.sub("", key_of(b)):
        return "ligatures"
    if formula and sorted(key_of(a)) == sorted(key_of(b)):
        return None  # scripts that stand one over the other have no order
    if formula and not any(_LATIN.fullmatch(w) for w in (*source, *printed)):
        return "scripts and formulas"
    if not b:
        return "missing"
    return "extra" if not a else "other words"


def _in_formula(word: str) -> bool:
    return len(word) == 1 or any(c.isdigit() for c in word) or not word.isascii()


def _moved(
    source: Sequence[str], printed: Sequence[str], changes: Sequence[tuple[str, int, int, int, int]]
) -> set[int]:
    """The changes whose words, three or more, are lost at one place and stand at another."""
    lost = {i: list(source[c[1] : c[2]]) for i, c in enumerate(changes) if c[2] - c[1] >= 3}
    won = {i: list(printed[c[3] : c[4]]) for i, c in enumerate(changes) if c[4] - c[3] >= 3}
    out: set[int] = set()
    for i, words in lost.items():
        for j, others in won.items():
            if i != j and (Counter(words) & Counter(others)).total() >= 0.7 * max(len(words), len(others)):
                out |= {i, j}
    return out


def measure(source: Document, printed: Document) -> Measured:
    """Compares the two readings of one paper."""
    found = Measured()
    a, b = running_text(source), running_text(printed)
    compare(_stream(a), _stream(b), found)
    for kind in ("caption", "footnote"):
        later = asides(printed, kind, front=False)
        for left, right in paired(asides(source, kind), asides(printed, kind)):
            if left or kind == "caption" or right in later:
                compare(left, right, found)
    whole = {key_of(normalised(s.text)) for s in b}
    for sentence in a:
        key = key_of(normalised(sentence.text))
        if key:
            found.sentences += 1
            if key in whole:
                found.whole += 1
            else:
                found.cut.append(sentence.text)
    return found


def _stream(sentences: Iterable[Sentence]) -> list[str]:
    return [w for s in sentences for w in words_of(normalised(s.text))]


def read_source(path: Path) -> Document:
    """The LaTeX reader's document of a folder or of one file in its folder."""
    root = path if path.is_dir() else path.parent
    files = {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and p.suffix in SOURCES and (path.is_dir() or p.suffix not in (".tex", ".ltx") or p == path)
    }
    if not path.is_dir():
        # the files that a document of several takes in
        for name in re.findall(r"\\(?:input|include)\{([^{}]+)\}", path.read_text("utf-8", "replace")):
            other = root / (name if name.endswith(".tex") else f"{name}.tex")
            if other.is_file():
                files[other.relative_to(root).as_posix()] = other.read_bytes()
    return read_latex(files, Paper(id=paper_name(path)), main="" if path.is_dir() else path.name, tables=False)


def default_sources() -> list[Path]:
    """The sample paper, the generated documents, the LaTeX papers of the development data."""
    generated = sorted(p.parent for p in (ROOT / "benchmarks" / "reading" / "generated").glob("documents/*/main.tex"))
    return [ROOT / "tests" / "data" / "sample" / "paper.tex", *generated, *latex_papers()]


def main() -> None:
    """Prints a line a document and the errors by kind, and writes them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--show", type=int, default=0, help="print so many errors of each document, by kind")
    parser.add_argument("--out", type=Path, default=RESULTS / "reading_words.json")
    options = parser.parse_args()
    if not options.paths:
        data_folder()
    rows: list[dict[str, object]] = []
    total = Measured()
    for path in options.paths or default_sources():
        pdf = compiled(path)
        name = "sample" if path.name == "paper.tex" else paper_name(path)
        if pdf is None:
            rows.append({"document": name, "error": "does not compile"})
            continue
        try:
            found = measure(read_source(path), read_pdf(pdf.read_bytes(), Paper(id=name)))
        except ClaimcheckError as error:
            rows.append({"document": name, "error": error.what})
            continue
        rows.append({"document": name, **figures(found)})
        total.words += found.words
        total.errors += found.errors
        total.sentences += found.sentences
        total.whole += found.whole
        _show(name, found, options.show)
    done = [r for r in rows if "error" not in r]
    summary = {"documents": len(rows), "documents_compared": len(done), **figures(total)}
    print_table(
        ("document", "words", "WER", "sentences", "whole"),
        [
            (r["document"], r["words"], _shown(r["word_error_rate"]), r["sentences"], _shown(r["whole_share"]))
            for r in done
        ]
        + [("all", total.words, _shown(summary["word_error_rate"]), total.sentences, _shown(summary["whole_share"]))],
    )
    print_table(("kind of error", "words"), [(k, n) for k, n in total.errors.most_common()])
    for r in rows:
        if "error" in r:
            print(f"{r['document']}: {r['error']}")
    write_result(options.out, summary, documents=rows)


def figures(found: Measured) -> dict[str, object]:
    """The figures of a document, or of all of them, as they are written."""
    return {
        "words": found.words,
        "word_errors": found.errors.total(),
        "word_error_rate": round(found.errors.total() / found.words, 5) if found.words else None,
        "sentences": found.sentences,
        "sentences_whole": found.whole,
        "whole_share": round(found.whole / found.sentences, 5) if found.sentences else None,
        "errors": {k: found.errors[k] for k in KINDS if found.errors[k]},
    }


def _shown(value: object) -> str:
    return f"{100 * value:.2f} %" if isinstance(value, float) else percent(None)


def _show(name: str, found: Measured, count: int) -> None:
    if not count:
        return
    print(f"== {name}")
    for kind in KINDS:
        for _, left, right in [e for e in found.examples if e[0] == kind][:count]:
            print(f"{kind}: {left} | {right}")
    for text in found.cut[:count]:
        print(f"not whole: {text}")


if __name__ == "__main__":
    main()
