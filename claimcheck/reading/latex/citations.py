"""How citations print: numbers or authors and years, from \\bibitem labels and .bib files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ENTRY = re.compile(r"@\s*(\w+)\s*\{\s*([^\s,{}]+)\s*,")
_FIELD = re.compile(r"\b(author|editor|year|date)\s*=\s*", re.IGNORECASE)
_LARGEST_BIB = 5_000_000  # characters


@dataclass
class Citations:
    """The labels of a paper's references; without any, a key prints as itself."""

    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> ("Smith et al.", "2019")
    numbers: dict[str, int] = field(default_factory=dict)  # key -> place in the bibliography
    numeric: bool = False

    def add_item(self, key: str, label: str) -> None:
        """A \\bibitem with its optional label as plain text ("Smith et al.(2019)Smith, Jones, and Wu")."""
        self.numbers.setdefault(key, len(self.numbers) + 1)
        m = re.match(r"\s*(.+?)\s*\(\s*(\d{4}[a-z]?|n\.d\.|in press)\s*\)", re.sub(r"[{}]|\\(?=&)", "", label))
        if m is not None:
            self.names[key] = (m[1].replace("~", " "), m[2])

    def add_bib(self, text: str) -> None:
        """The entries of a .bib file; labels known from \\bibitem stay."""
        text = text[:_LARGEST_BIB]
        entries = list(_ENTRY.finditer(text))
        for i, m in enumerate(entries):
            end = entries[i + 1].start() if i + 1 < len(entries) else len(text)
            body = text[m.end() : min(end, m.end() + 20_000)]
            fields = {f[1].lower(): _value(body, f.end()) for f in _FIELD.finditer(body)}
            year = re.search(r"\d{4}", fields.get("year") or fields.get("date") or "")
            name = _surnames(fields.get("author") or fields.get("editor") or "")
            if name:
                self.names.setdefault(m[2], (name, year[0] if year else "n.d."))

    def text(self, keys: list[str], style: str, before: str = "", after: str = "") -> str:
        """The printed citation of the keys.

        style: "par" (Smith, 2019), "text" Smith (2019), "bare" and "baretext" without brackets, "author", "year",
        "paryear" (2019), "drop" nothing. Numeric styles print "[3]" in place of the first four.
        """
        if style == "drop" or not keys:
            return ""
        lead = before + " " if before else ""
        tail = ", " + after if after else ""
        known = [self.names.get(k) for k in keys]
        if style == "author":
            return ", ".join(n[0] if n else k for n, k in zip(known, keys, strict=True))
        if style in ("year", "paryear"):
            years = ", ".join(n[1] if n else k for n, k in zip(known, keys, strict=True)) + tail
            return years if style == "year" else f"({years})"
        if self.numeric and any(k in self.numbers for k in keys):
            numbers = ", ".join(str(n) for n in sorted(self.numbers[k] for k in keys if k in self.numbers))
            if style in ("text", "baretext") and known[0] is not None:
                return f"{known[0][0]} [{numbers}{tail}]"
            return f"[{lead}{numbers}{tail}]"
        if style in ("text", "baretext"):
            parts = [
                (f"{n[0]} ({n[1]})" if style == "text" else f"{n[0]} {n[1]}") if n else k
                for n, k in zip(known, keys, strict=True)
            ]
            joined = ", ".join(parts)
            if after and joined.endswith(")"):
                return f"{joined[:-1]}{tail})"
            return joined + tail
        parts = [f"{n[0]}, {n[1]}" if n else k for n, k in zip(known, keys, strict=True)]
        inside = lead + "; ".join(parts) + tail
        return inside if style == "bare" else f"({inside})"


def biber_items(text: str) -> str:
    """The entries of a .bbl that biber wrote, as a thebibliography of \\bibitem with authors, year, title and place."""
    text = text[:_LARGEST_BIB]
    # a second list (another \\printbibliography) repeats the entries
    starts = list(re.finditer(r"^[ \t]*\\entry\{([^{}]+)\}\{([^{}]*)\}", text, re.MULTILINE))
    out = ["\\begin{thebibliography}{999}"]
    seen: set[str] = set()
    for i, m in enumerate(starts):
        if m[1] in seen:
            continue
        seen.add(m[1])
        body = text[m.end() : min(starts[i + 1].start() if i + 1 < len(starts) else len(text), m.end() + 30_000)]
        fields: dict[str, str] = {}
        for f in re.finditer(r"\\(?:field|strng|list)\{(\w+)\}(?:\{\d+\})?\{", body):
            fields.setdefault(f[1], " ".join(_value(body, f.end() - 1).replace("%", "").split()).strip("{}"))
        names = _biber_names(body)
        year = (re.search(r"\d{4}", fields.get("year") or fields.get("date") or "") or [""])[0]
        short = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else ""
        short = short or (f"{names[0]} et al." if names else "")
        label = f"[{{{short}({year or 'n.d.'})}}]" if short else ""
        where = fields.get("journaltitle") or fields.get("booktitle") or fields.get("publisher") or ""
        parts = [", ".join(names), fields.get("title", ""), where, year]
        out.append(f"\\bibitem{label}{{{m[1]}}} {'. '.join(p for p in parts if p)}.\n")
    return "\n".join([*out, "\\end{thebibliography}", ""])


def _biber_names(body: str) -> list[str]:
    """The family names of an entry's authors, or of its editors."""
    for role in ("author", "editor"):
        m = re.search(rf"\\name\{{{role}\}}\{{\d+\}}\{{[^{{}}]*\}}\{{", body)
        if m is None:
            continue
        inside = _value(body, m.end() - 1)
        found = re.findall(r"\bfamily=\{((?:[^{}]|\{[^{}]*\})*)\}", inside)
        # before version 3 the family name was the first of the name's groups
        found = found or re.findall(r"\{\{[^{}]*\}\s*\{((?:[^{}]|\{[^{}]*\})+)\}", inside)
        return [" ".join(name.replace("\\bibnamedelima", " ").split()) for name in found[:30]]
    return []


def _value(body: str, start: int) -> str:
    """The value of a BibTeX field that begins at `start`: braced, quoted or bare."""
    if start >= len(body):
        return ""
    if body[start] == '"':
        end = body.find('"', start + 1)
        return body[start + 1 : end if end > 0 else start + 400]
    if body[start] != "{":
        return re.split(r"[,\n}]", body[start : start + 100], maxsplit=1)[0]
    depth = 0
    for i in range(start, min(len(body), start + 12_000)):
        depth += (body[i] == "{") - (body[i] == "}")
        if not depth:
            return body[start + 1 : i]
    return body[start + 1 : start + 400]


def _surnames(authors: str) -> str:
    """ "Smith", "Smith and Jones" or "Smith et al." from a BibTeX author field."""
    plain = re.sub(r"\\[\"'`^~=.uvHcrkdbt]\s*\{?(\w)\}?", r"\1", authors)
    plain = " ".join(re.sub(r"\\[A-Za-z]+|[{}\\]", "", plain).split())
    names = [n.strip() for n in re.split(r"\s+and\s+", plain) if n.strip()]
    last = [n.split(",")[0].strip() if "," in n else (n.split() or [""])[-1] for n in names]
    if not last:
        return ""
    if len(last) == 1:
        return last[0]
    if len(last) == 2 and last[1] != "others":
        return f"{last[0]} and {last[1]}"
    return f"{last[0]} et al."
