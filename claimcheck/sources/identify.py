"""What a user's text names: an arXiv paper, another DOI, a web address, or none of these. Parsing only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

__all__ = ["ArxivId", "Doi", "WebAddress", "arxiv_id_in_file_name", "identify", "looks_like_arxiv_id"]

# archives whose papers until March 2007 are named archive/YYMMNNN (arXiv, "Understanding the arXiv identifier")
_ARCHIVE = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga"
    "|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph"
    "|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_MONTH = r"[0-9]{2}(?:0[1-9]|1[0-2])"
_VERSION = r"(?P<version>v[1-9][0-9]{0,2})?"
_NEW = re.compile(rf"(?P<id>{_MONTH}\.[0-9]{{4,5}}){_VERSION}", re.IGNORECASE)
_NUMBER = rf"(?P<number>{_MONTH}[0-9]{{3}})"
_OLD = re.compile(rf"(?P<archive>{_ARCHIVE})(?:\.[a-z-]{{2,12}})?/{_NUMBER}{_VERSION}", re.IGNORECASE)
# the archive's slash cannot stand in a file name: a dash, an underscore or nothing takes its place
_OLD_IN_FILE = re.compile(rf"(?P<archive>{_ARCHIVE})[-_]?{_NUMBER}{_VERSION}", re.IGNORECASE)
_PREFIX = re.compile(r"arxiv\s*[:\s]\s*", re.IGNORECASE)
_STAMP_END = re.compile(r"\s+\[[a-z-]+(?:\.[a-z-]+)?\].*$", re.IGNORECASE)
_DOI = re.compile(r"(?:doi:\s*)?(?P<doi>10\.[0-9]{4,9}/\S+)", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(?P<rest>.+)", re.IGNORECASE)
_ARXIV_HOSTS = {
    "arxiv.org",
    "www.arxiv.org",
    "export.arxiv.org",
    "browse.arxiv.org",
    "ar5iv.org",
    "www.ar5iv.org",
    "ar5iv.labs.arxiv.org",
}
_DOI_HOSTS = {"doi.org", "www.doi.org", "dx.doi.org"}
_PAGES = {"abs", "pdf", "html", "e-print", "src", "format", "ps"}


@dataclass(frozen=True, slots=True)
class ArxivId:
    """An arXiv paper: `id` without version ("2005.13013", "hep-th/9901001"), `version` "v2" or ""."""

    id: str
    version: str = ""

    def __str__(self) -> str:
        return self.id + self.version


@dataclass(frozen=True, slots=True)
class Doi:
    """A DOI that is not arXiv's."""

    doi: str


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An http(s) address that names no arXiv paper."""

    url: str


def identify(text: str) -> ArxivId | Doi | WebAddress | None:
    """What `text` names, or None where it is neither an arXiv id, a DOI nor a web address.

    Takes ids of both styles with and without version, "arXiv:" before and "[cs.CL] 26 May 2020" after them, addresses
    of arxiv.org and ar5iv with and without "https://", and DOIs bare, with "doi:" or as an address.
    """
    if len(text) > 2000:  # nothing that long is a name; it keeps the patterns cheap
        return None
    plain = text.strip().strip("<>").strip()
    found = _arxiv_id(_STAMP_END.sub("", _PREFIX.sub("", plain, count=1) if _PREFIX.match(plain) else plain))
    if found:
        return found
    doi = _DOI.fullmatch(plain)
    if doi:
        return _from_doi(doi["doi"])
    host = re.match(r"[\w.-]+", plain)
    if "://" not in plain and host and host[0].lower() in _ARXIV_HOSTS | _DOI_HOSTS:
        plain = f"https://{plain}"
    if plain.lower().startswith(("http://", "https://")):
        return _from_address(plain)
    return None


def looks_like_arxiv_id(text: str) -> bool:
    """Whether someone who typed `text` probably meant an arXiv id, be it a possible one or not."""
    plain = text.strip()
    meant = _PREFIX.match(plain)
    rest = _PREFIX.sub("", plain, count=1) if meant else plain
    return bool(meant) or bool(re.fullmatch(r"[0-9]{3,5}\.[0-9]{3,6}(?:v[0-9]*)?", rest, re.IGNORECASE))


def arxiv_id_in_file_name(stem: str) -> ArxivId | None:
    """The arXiv id that a file name without suffix is ("2005.13013v2", "arXiv-2005.13013v2", "hep-th9901001")."""
    plain = re.sub(r"^arxiv[-_:. ]", "", stem, flags=re.IGNORECASE)
    new = _NEW.fullmatch(plain)
    if new:
        return _arxiv_id(plain)
    old = _OLD_IN_FILE.fullmatch(plain)
    return _arxiv_id(f"{old['archive']}/{old['number']}{old['version'] or ''}") if old else None


def _arxiv_id(text: str) -> ArxivId | None:
    new = _NEW.fullmatch(text)
    if new:
        return ArxivId(new["id"], (new["version"] or "").lower())
    old = _OLD.fullmatch(text)
    if old:
        # the subject class is not part of the identifier: math.GT/0309136 is math/0309136
        return ArxivId(f"{old['archive'].lower()}/{old['number']}", (old["version"] or "").lower())
    return None


def _from_doi(doi: str) -> ArxivId | Doi:
    arxiv = _ARXIV_DOI.fullmatch(doi)
    return (_arxiv_id(arxiv["rest"]) if arxiv else None) or Doi(doi)


def _from_address(url: str) -> ArxivId | Doi | WebAddress:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return WebAddress(url)
    path = unquote(parts.path).strip("/")
    if host in _DOI_HOSTS and _DOI.fullmatch(path):
        return _from_doi(path)
    page, _, rest = path.partition("/")
    if host in _ARXIV_HOSTS and page.lower() in _PAGES:
        return _arxiv_id(re.sub(r"\.pdf$", "", rest, flags=re.IGNORECASE)) or WebAddress(url)
    return WebAddress(url)
