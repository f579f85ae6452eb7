"""The bibliography of a ledger in BibTeX: the paper, the papers it was held against, those whose claims were rerun.

Both bibtex and biber take it. Signs and letters with accents are LaTeX commands, letters of other scripts stay UTF-8:
no name is lost (bibtex's style alpha, whose labels are bytes, cannot take those). All entries are @misc, for a ledger
knows DOI and arXiv id, but neither journal nor proceedings.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from claimcheck.foundation.records import Ledger, Paper
from claimcheck.publish.escape import latex, plain, shorten
from claimcheck.publish.view import NOTHING, Extras, view_of
from claimcheck.publish.view.places import LONGEST_TITLE, is_arxiv, paper_link, paper_name
from claimcheck.publish.view.reruns import reproductions_of

_LONGEST_KEY = 60  # characters
_LONGEST_NAME = 200
_MOST_AUTHORS = 1_000
_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:<>\[\]+A-Za-z0-9]{1,200}")
# BibTeX counts braces without looking for a backslash before them, so that none may stand in a value
_ASCII = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "$": r"\$", "&": r"\&",
    "#": r"\#", "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}", '"': r"\textquotedbl{}",
}  # fmt: skip
_SPECIAL = re.compile("[" + re.escape("".join(_ASCII)) + "]|[^\\x00-\\x7f][\u0300-\u036f]*|[ -~][\u0300-\u036f]+")
_FAMILY_FIRST = re.compile(r"[^,]*[^,\s][^,]*,[^,]*[^,\s][^,]*")  # "Family, Given"


def ledger_bib(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """An entry each, the ledger's own paper first; the keys come from ids alone and stay the same over versions."""
    # what stands outside of entries is a comment to bibtex, in which only "@" starts something
    words = (
        f"Papers of the claimcheck report on {paper_name(ledger.paper)}.",
        view_of(ledger, extras).made_by,
    )
    head = "".join(f"% {plain(line).replace('@', ' at ')}\n" for line in words)
    keys: set[str] = set()
    entries = [_entry(paper, _key(paper, keys)) for paper in _papers(ledger)]
    return "\n".join([head, *entries]).encode("utf-8")


def _papers(ledger: Ledger) -> Iterator[Paper]:
    """Each paper once. Of a rerun claim only the paper's id is known; what is no arXiv id names no publication."""
    rerun = dict(sorted((one.paper, one.paper_version) for one in reproductions_of(ledger) if is_arxiv(one.paper)))
    seen: set[tuple[str, str]] = set()
    named = {ledger.paper.id, *(paper.id for paper in ledger.sources)}
    reran = (Paper(id=name, version=version) for name, version in rerun.items() if name not in named)
    for paper in (ledger.paper, *ledger.sources, *reran):
        if (paper.id, paper.version) not in seen:
            seen.add((paper.id, paper.version))
            yield paper


def _entry(paper: Paper, key: str) -> str:
    arxiv = is_arxiv(paper.id)
    year = paper.published[:4]
    names = [x for x in map(_name, paper.authors[:_MOST_AUTHORS]) if x]
    fields = {
        "author": " and ".join([*names, "others"] if len(paper.authors) > _MOST_AUTHORS else names),
        "key": "" if names else key,  # what bibtex sorts by and labels with where there is no author
        "title": _title(paper.title or paper_name(paper) or "Untitled"),
        "year": year if re.fullmatch(r"[12]\d{3}", year) else "",
        "eprint": f"{paper.id}{paper.version if re.fullmatch(r'v[0-9]+', paper.version) else ''}" if arxiv else "",
        "archiveprefix": "arXiv" if arxiv else "",
        "doi": paper.doi if _DOI.fullmatch(paper.doi) else "",
        # braces and percent signs that encode nothing cannot be in it, so that it is taken as it stands
        "url": paper_link(paper),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{lines}}}\n"


def _title(title: str) -> str:
    """The title in braces of its own: a style that sets titles in lower case leaves it as it is."""
    text = _escaped(shorten(plain(title), LONGEST_TITLE))
    # an inner group that starts with a command would be one letter to bibtex, and change its case
    return f"{{{{}}{text}}}" if text.startswith("\\") else f"{{{text}}}"


def _name(name: str) -> str:
    """A name that bibtex takes apart as "Given Family" or "Family, Given"; in braces, and so whole, what is neither."""
    text = shorten(" ".join(plain(name).split()), _LONGEST_NAME)
    escaped = _escaped(text)
    # the name that stands in for a sign can hold the word as well ("box drawings light arc down and right")
    splits = any(re.search(r"(?i)(?:^|\s)and(?:\s|$)", x) for x in (text, escaped)) or text.lower() == "others"
    commas = "," in text and not _FAMILY_FIRST.fullmatch(text)
    # bibtex abbreviates byte by byte, which would cut a letter of another script in two
    if splits or commas or not escaped.isascii():
        return f"{{{{}}{escaped}}}" if escaped.startswith("\\") else f"{{{escaped}}}"
    return escaped


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: _command(match.group()), unicodedata.normalize("NFC", text))


@lru_cache(4096)
def _command(sign: str) -> str:
    """A sign as a command; in braces a letter with an accent, which bibtex then takes for one letter."""
    if sign in _ASCII:
        return _ASCII[sign]
    category = unicodedata.category(sign[0])
    command = latex(sign)
    if category[0] in "LMN" and "{[}" in command:
        return sign  # a letter that no command makes
    return f"{{{command}}}" if command.startswith("\\") else command


def _key(paper: Paper, taken: set[str]) -> str:
    """A name from the paper's id, unique to bibtex, for which capitals and small letters are the same."""
    name = ("arxiv-" if is_arxiv(paper.id) else "") + (paper.id or paper.doi or "paper")
    base = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")
    if not base or len(base) > _LONGEST_KEY or (base != name and not is_arxiv(paper.id)):
        # what was cut or replaced is told apart by a hash
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        base = f"{base[:_LONGEST_KEY].rstrip('-.') or 'paper'}-{digest}"
    for key in (base, f"{base}{'-' if paper.version else ''}{re.sub(r'[^A-Za-z0-9]+', '', paper.version)[:20]}"):
        if key.lower() not in taken:
            break
    n = 1
    while key.lower() in taken:
        n += 1
        key = f"{base}-{n}"
    taken.add(key.lower())
    return key
