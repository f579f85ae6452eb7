"""Mutated papers for the fuzzer: bytes, PDF objects and streams, LaTeX tokens and HTML tags, each from a seeded generator."""

# ruff: noqa: E501 - the parts of a hostile file stay on one line

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["pdf", "latex", "html"]
Mutation = Callable[[bytes, random.Random], bytes]

MAX_BYTES = 6 << 20  # a mutated file is cut here, so that making it stays cheap
_NUMBERS = (
    b"0", b"-1", b"1", b"2147483647", b"-2147483648", b"4294967296", b"99999999999999999999", b"1e309", b"-0.0",
    b"0.00000001", b"65536", b"1000000", b"nan", b"3.4e38", b"00", b"-", b".",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutated paper: its kind, its files by name, the entry, and what was done to it."""

    kind: Kind
    files: Mapping[str, bytes]
    main: str
    steps: tuple[str, ...]


def mutate(bases: Mapping[Kind, tuple[bytes, ...]], kind: Kind, rng: random.Random) -> Mutant:
    """One to four mutations of a random base of a kind; the same generator state gives the same mutant."""
    data = rng.choice(bases[kind])
    own = {"pdf": PDF, "latex": LATEX, "html": HTML}[kind]
    steps: list[str] = []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4))):
        if rng.random() < 0.25:
            name = rng.choice(list(BYTES))
            change = BYTES[name]
        else:
            name = rng.choice(list(own))
            change = own[name]
        steps.append(name)
        if name == "splice":  # noqa: SIM108 - too long for one line
            data = _splice(data, rng.choice(bases[rng.choice(list(bases))]), rng)
        else:
            data = change(data, rng)
        data = data[:MAX_BYTES]
    if kind == "latex":
        return Mutant(kind, _latex_files(data, rng, steps), "main.tex", tuple(steps))
    return Mutant(kind, {f"paper.{kind}": data}, f"paper.{kind}", tuple(steps))


# ------------------------------------------------------------------ bytes


def _full_size(rng: random.Random) -> bool:
    """Whether a mutation goes to its limit: one in eight does, since those cost more than all others together."""
    return rng.random() < 1 / 8


def _place(data: bytes, rng: random.Random) -> tuple[int, int]:
    """A random span; short ones are likelier."""
    if not data:
        return 0, 0
    start = rng.randrange(len(data))
    return start, min(len(data), start + int(2 ** rng.uniform(0, 13)))


def _flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(min(len(out), int(2 ** rng.uniform(0, 9)))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _delete(data: bytes, rng: random.Random) -> bytes:
    a, b = _place(data, rng)
    return data[:a] + data[b:]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    a, b = _place(data, rng)
    times = min(int(2 ** rng.uniform(1, 14)), (1 << (21 if _full_size(rng) else 17)) // max(1, b - a))
    return data[:b] + data[a:b] * times + data[b:]


def _insert(data: bytes, rng: random.Random) -> bytes:
    a, _ = _place(data, rng)
    filler = rng.choice((rng.randbytes(rng.randrange(1, 400)), b"\0" * 300, b"\xff\xfe", b"\xed\xa0\x80", b"\r" * 50))
    return data[:a] + filler + data[a:]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _splice(data: bytes, other: bytes, rng: random.Random) -> bytes:
    a, b = _place(other, rng)
    c, d = _place(data, rng)
    return data[:c] + other[a : max(b, min(len(other), a + rng.randrange(20_000)))] + data[d:]


def _recode(data: bytes, rng: random.Random) -> bytes:
    """The text in another encoding, or a lie about its encoding."""
    text = data.decode("utf-8", "replace")
    how = rng.choice(
        ("utf-16", "utf-16-be", "utf-32", "utf-7", "latin-1", "cp1252", "utf-8-sig", "shift_jis", "koi8-r")
    )
    return text.encode(how, "replace")


def _number(data: bytes, rng: random.Random) -> bytes:
    return _replace(data, rb"-?\d+\.?\d*", rng.choice(_NUMBERS), rng, rng.choice((1, 1, 5, 60)))


def _replace(data: bytes, pattern: bytes, new: bytes, rng: random.Random, count: int = 1) -> bytes:
    """`count` random matches of a pattern replaced."""
    found = list(re.finditer(pattern, data))
    for match in sorted(rng.sample(found, min(count, len(found))), key=lambda m: -m.start()):
        data = data[: match.start()] + new + data[match.end() :]
    return data


def _huge_line(data: bytes, rng: random.Random) -> bytes:
    a, _ = _place(data, rng)
    word = rng.choice(
        (b"a", b"1.", b"1,", b"(", b"- ", b". A ", b"et al. ", "\u0301".encode(), b"&", b"%d " % rng.randrange(99))
    )
    return data[:a] + word * int(2 ** rng.uniform(10, 18 if _full_size(rng) else 15)) + data[a:]


BYTES: Mapping[str, Mutation] = {
    "flip": _flip,
    "delete": _delete,
    "repeat": _repeat,
    "insert": _insert,
    "cut": _cut,
    "splice": _delete,  # `mutate` gives it a second file
    "number": _number,
    "huge line": _huge_line,
}

# ------------------------------------------------------------------ PDF

_OBJECT = re.compile(rb"(?:^|[\r\n])(\d+) 0 obj\b(.*?)endobj", re.S)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.S)
_BREAKS = (
    b"/Rotate 90", b"/Rotate 37", b"/Rotate -270", b"/MediaBox [0 0 1e9 1e9]", b"/MediaBox [0 0 0 0]",
    b"/MediaBox [612 792 0 0]", b"/MediaBox [-1e6 -1e6 1e6 1e6]", b"/CropBox [9000 9000 9001 9001]",
    b"/CropBox [0 0 1 1]", b"/UserUnit 1000", b"/Count 2147483647", b"/Count -5", b"/Kids [2 0 R]",
    b"/Parent 2 0 R", b"/Filter [/FlateDecode /FlateDecode]", b"/Filter /ASCIIHexDecode", b"/Filter /LZWDecode",
    b"/Filter /DCTDecode", b"/Filter /JBIG2Decode", b"/Filter /JPXDecode", b"/Filter /CCITTFaxDecode",
    b"/DecodeParms << /Predictor 15 /Columns 99999999 >>", b"/Length 999999999", b"/Length -1", b"/Length 5 0 R",
    b"/Encoding /Identity-H", b"/FirstChar 0 /LastChar 2147483647", b"/Widths [0 1e30 -1e30]",
    b"/FontMatrix [0 0 0 0 0 0]", b"/ToUnicode 4 0 R", b"/Contents [4 0 R 4 0 R 4 0 R 4 0 R]", b"/Type /XRef", b"/Subtype /Type3",
)  # fmt: skip
_DRAWN = (
    b"BT /F1 1e6 Tf (huge) Tj ET", b"BT /R 10 Tf 0 0 0 0 0 0 Tm (flat) Tj ET", b"BT /R 10 Tf 1 0 0 1 1e38 -1e38 Tm (far) Tj ET",
    b"BT /R 1e-9 Tf 72 700 Td (tiny) Tj ET", b"BT /F1 -10 Tf 72 700 Td (mirrored) Tj ET", b"1e38 0 0 1e38 0 0 cm",
    b"0.7 0.7 -0.7 0.7 300 300 cm", b"0 0 0 0 0 0 cm", b"q", b"Q Q Q Q", b"72 700 468 0.4 re f", b"72 700 1e30 0.4 re f",
    b"72 700 m 540 700 l S", b"0 0 m 1e30 1e30 l nan nan l S", b"BT /R 10 Tf 1e30 Tc 1e30 Tw 1e30 Tz (wide) Tj ET",
    b"BT /R 10 Tf [(a) -1e30 (b) 1e30 (c)] TJ ET", b"/Fm0 Do", b"BI /W 99999 /H 99999 /BPC 8 /CS /G ID x EI",
)  # fmt: skip


def _objects(data: bytes) -> tuple[dict[int, bytes], bytes]:
    """({number: body}, trailer's dictionary) of a PDF without object streams."""
    # a number that a mutation made huge would ask for a cross-reference table as long
    found = {int(m[1]): m[2].strip() for m in _OBJECT.finditer(data) if len(m[1]) < 6}
    trailer = re.search(rb"trailer\s*<<(.*?)>>\s*startxref", data, re.S)
    return found, trailer[1] if trailer else b"/Root 1 0 R"


def _written(objects: Mapping[int, bytes], trailer: bytes) -> bytes:
    """A PDF of these objects with a right cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    size = max(objects, default=0) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        place = places.get(number)
        out += b"0000000000 00000 f \n" if place is None else b"%010d 00000 n \n" % place
    trailer = re.sub(rb"/(?:Size \d+|Prev \d+)", b"", trailer)
    return bytes(out + b"trailer\n<< %s /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (trailer, size, start))


def _on_object(change: Mutation, wanted: bytes = b"") -> Mutation:
    """A mutation of one object's body, preferring bodies that hold `wanted`, with offsets right again."""

    def changed(data: bytes, rng: random.Random) -> bytes:
        objects, trailer = _objects(data)
        numbers = [n for n, body in objects.items() if wanted in body] or list(objects)
        if not numbers:
            return change(data, rng)
        number = rng.choice(numbers)
        objects[number] = change(objects[number], rng)
        return _written(objects, trailer)

    return changed


def _on_stream(change: Mutation) -> Mutation:
    """A mutation of one unpacked stream, then packed again, so that what it decodes to is what was changed."""

    def changed(body: bytes, rng: random.Random) -> bytes:
        match = _STREAM.search(body)
        if match is None:
            return change(body, rng)
        head, content = body[: match.start()], match[1]
        packed = b"/FlateDecode" in head
        if packed:
            try:
                content = zlib.decompressobj().decompress(content, MAX_BYTES)
            except zlib.error:
                packed = False
        content = change(content, rng)
        if packed:
            content = zlib.compress(content, 1)
        head = re.sub(rb"/Length \d+(?: 0 R)?", b"/Length %d" % len(content), head)
        return head + b"stream\n" + content + b"\nendstream"

    return _on_object(changed, b"stream")


def _swap_objects(data: bytes, rng: random.Random) -> bytes:
    objects, trailer = _objects(data)
    if len(objects) > 1:
        a, b = rng.sample(list(objects), 2)
        objects[a], objects[b] = objects[b], objects[a]
    return _written(objects, trailer)


def _drop_object(data: bytes, rng: random.Random) -> bytes:
    objects, trailer = _objects(data)
    if objects:
        del objects[rng.choice(list(objects))]
    return _written(objects, trailer)


def _redirect(data: bytes, rng: random.Random) -> bytes:
    """References point elsewhere: in circles, to streams, to nothing."""
    objects, trailer = _objects(data)
    for _ in range(rng.choice((1, 2, 8))):
        number = rng.choice(list(objects) or [1])
        target = rng.choice([*objects, number, number, 9999])
        objects[number] = _replace(objects.get(number, b""), rb"\d+ 0 R", b"%d 0 R" % target, rng)
    return _written(objects, trailer)


def _add_entry(body: bytes, rng: random.Random) -> bytes:
    """A key with a bad value; it wins over the entry that the dictionary has."""
    entry = rng.choice(_BREAKS)
    key = entry.split()[0]
    body = re.sub(re.escape(key) + rb"(?=[ \[<])(?:\s*\[[^\]]*\]|\s*\d+ 0 R|\s*[-.\d]+|\s*/\w+)?", b"", body)
    return body.replace(b"<<", b"<< " + entry + b" ", 1)


def _nest(body: bytes, rng: random.Random) -> bytes:
    depth = int(2 ** rng.uniform(3, 17))
    left, right = rng.choice(((b"[", b"]"), (b"<</A ", b">>"), (b"(", b")"), (b"{", b"}"), (b"q ", b"Q ")))
    a, _ = _place(body, rng)
    return body[:a] + left * depth + right * (depth if rng.random() < 0.7 else 0) + body[a:]


def _draw(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    times = rng.choice((1, 1, 3, 500, 20_000 if _full_size(rng) else 2000))
    lines.insert(rng.randrange(len(lines) + 1), b"\n".join([rng.choice(_DRAWN)] * times))
    return b"\n".join(lines)


def _scatter(content: bytes, rng: random.Random) -> bytes:
    """Thousands of words or rules, anywhere or on a grid: a page that is all table."""
    drawn = []
    grid = rng.random() < 0.5
    for i in range(int(2 ** rng.uniform(6, 14 if _full_size(rng) else 11))):
        x, y = (6 * (i % 100), 792 - 8 * (i // 100)) if grid else (rng.uniform(-50, 700), rng.uniform(-50, 900))
        shape = rng.random()
        if shape < 0.7:
            drawn.append(b"BT /R %d Tf 1 0 0 1 %.1f %.1f Tm (%d.%d) Tj ET" % (rng.randrange(1, 30), x, y, i, i % 97))
        elif shape < 0.9:
            drawn.append(b"%.1f %.1f %.1f 0.4 re f" % (x, y, rng.uniform(1, 500)))
        else:
            drawn.append(b"%.1f %.1f 0.4 %.1f re f" % (x, y, rng.uniform(1, 500)))
    return content + b"\n" + b"\n".join(drawn)


def _shuffle_lines(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def _bomb(content: bytes, rng: random.Random) -> bytes:
    return content + rng.choice((b" ", b"q ", b"0 0 m ", b"(a) Tj ", b"BT ET ", b"0 0 1 1 re f ")) * rng.choice(
        (10**4, 10**6 if _full_size(rng) else 10**5)
    )


def _itself(data: bytes, rng: random.Random) -> bytes:
    """A form that draws itself or a chain of forms, on the page of the base."""
    objects, trailer = _objects(data)
    first = max(objects, default=0) + 1
    count = rng.choice((1, 2, 12 if _full_size(rng) else 4))
    for i in range(count):
        following = first + (i + 1) % count if rng.random() < 0.7 else first + min(i + 1, count - 1)
        content = b"/Fm0 Do " * rng.choice((1, 2, 3)) + b"BT /R 9 Tf 72 500 Td (form %d) Tj ET" % i
        objects[first + i] = (
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 700] /Resources << /XObject << /Fm0 %d 0 R >> >> "
            b"/Length %d >>\nstream\n%s\nendstream" % (following, len(content), content)
        )
    for number, body in list(objects.items()):
        if b"/Type /Page " in body or b"/Type/Page/" in body:
            body = body.replace(b"/Resources <<", b"/Resources << /XObject << /Fm0 %d 0 R >> " % first, 1)
            objects[number] = body.replace(b"/Resources<<", b"/Resources<< /XObject << /Fm0 %d 0 R >> " % first, 1)
    return _on_stream(lambda content, _: content + b"\n/Fm0 Do")(_written(objects, trailer), rng)


PDF: Mapping[str, Mutation] = {
    "object bytes": _on_object(_flip),
    "object number": _on_object(_number),
    "object cut": _on_object(_cut),
    "object nested": _on_object(_nest),
    "entry": _on_object(_add_entry, b"<<"),
    "page entry": _on_object(_add_entry, b"/Page"),
    "font entry": _on_object(_add_entry, b"/Font"),
    "objects swapped": _swap_objects,
    "object dropped": _drop_object,
    "references": _redirect,
    "form of itself": _itself,
    "stream flipped": _on_stream(_flip),
    "stream numbers": _on_stream(_number),
    "stream deleted": _on_stream(_delete),
    "stream repeated": _on_stream(_repeat),
    "stream nested": _on_stream(_nest),
    "stream shuffled": _on_stream(_shuffle_lines),
    "stream drawn on": _on_stream(_draw),
    "stream scattered": _on_stream(_scatter),
    "stream bomb": _on_stream(_bomb),
}

# ------------------------------------------------------------------ LaTeX

_TEX_TOKEN = rb"\\[A-Za-z@]+\*?|\\.|[{}$&%#^_~\[\]]|[A-Za-z]+|\d+"
_TEX = (
    rb"\begin{tabular}{lll}", rb"\end{tabular}", rb"\begin{tabular}{*{9999}{c|}}", rb"\begin{table}", rb"\end{table}",
    rb"\multicolumn{999999}{c}{x}", rb"\multirow{999999}{*}{x}", rb"\multicolumn{-3}{c}{x}", rb"\multirow{-9}{*}{x}",
    rb"\hline", rb"\cmidrule(lr){2-99999999}", rb"\cline{9-1}", rb"\\", rb"\\[9pt]", b"&" * 2000, b"{", b"}", b"$", b"$$", b"%",
    b"#1", b"##", rb"\begin{equation}", rb"\[", rb"\]", rb"\verb|", rb"\begin{verbatim}", rb"\begin{comment}",
    rb"\def\a#1{\a{#1#1}}\a{x}", rb"\def\b{\b\b}\b", rb"\newcommand{\c}[9]{#9#8\c#1}\c{}", rb"\let\begin\end",
    rb"\renewcommand{\section}{\section}", rb"\renewcommand{\item}[1]{#1\item{#1}}", rb"\input{main}", rb"\include{b}",
    rb"\input{/etc/passwd}", rb"\csname end\endcsname", rb"\csname", rb"\endcsname", rb"\expandafter\a\b", rb"\iftrue", rb"\iffalse",
    rb"\else", rb"\fi", rb"\ifx\a\b", rb"\ifnum1<2", rb"\loop\a\repeat", rb"\catcode`\%=12", rb"\makeatletter", rb"\@for",
    rb"\cite{" + b"a," * 500 + b"}", rb"\ref{", rb"\label{a}", rb"\caption{", rb"\footnote{", rb"\bibitem{", rb"\begin{thebibliography}{}",
    rb"\S[table-format=9.9]", rb"\begin{tabular}{S[table-format=3.2]>{\bfseries}c@{}p{", rb"\end{document}", rb"\begin{document}",
    rb"\makecell{a\\b\\c}", rb"\rotatebox{90}{", rb"\resizebox{!}{", rb"\newenvironment{q}{\begin{q}}{\end{q}}\begin{q}",
    rb"\frac{\frac{\frac{", rb"\sqrt[", rb"\left(", rb"\num{1e999}", rb"\SI{1}{\percent}", rb"\addtocounter{table}{99999999999}",
    rb"\setcounter{section}{-1}", rb"\alph{table}", rb"\appendix", rb"\renewcommand{\thetable}{\thetable x}", rb"\char`\x", "é\u202e\u0000".encode(), rb"\^^M",
)  # fmt: skip


def _tex_insert(data: bytes, rng: random.Random) -> bytes:
    return _replace(data, rb"(?<=[\s}])", rng.choice(_TEX) + b" ", rng, rng.choice((1, 1, 2, 30)))


def _tex_swap(data: bytes, rng: random.Random) -> bytes:
    tokens = re.split(rb"(" + _TEX_TOKEN + rb")", data)
    for _ in range(rng.choice((1, 5, 100))):
        a, b = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        tokens[a], tokens[b] = tokens[b], tokens[a]
    return b"".join(tokens)


def _tex_drop(data: bytes, rng: random.Random) -> bytes:
    return _replace(data, _TEX_TOKEN, b"", rng, rng.choice((1, 5, 100)))


def _tex_nest(data: bytes, rng: random.Random) -> bytes:
    opened, closed = rng.choice(
        (
            (b"{", b"}"), (rb"\textbf{", b"}"), (rb"\begin{itemize}\item ", rb"\end{itemize}"), (rb"\begin{tabular}{l}", rb"\end{tabular}"),
            (b"$\\frac{1}{", b"}$"), (rb"\footnote{", b"}"), (rb"\iftrue ", rb"\fi "), (rb"\multicolumn{2}{c}{", b"}"), (b"x^{", b"}"),
            (rb"\caption{", b"}"), (rb"\section{", b"}"), (rb"\begin{table}", rb"\end{table}"), (rb"\makecell{", b"}"),
        )
    )  # fmt: skip
    depth = int(2 ** rng.uniform(2, 15))
    a, _ = _place(data, rng)
    return data[:a] + opened * depth + b"x" + closed * (depth if rng.random() < 0.7 else 0) + data[a:]


def _tex_macros(data: bytes, rng: random.Random) -> bytes:
    """Macros that grow with each use, defined before and used in the text."""
    names = [b"\\" + bytes([97 + i]) * 3 for i in range(rng.randrange(2, 26))]
    times = rng.randrange(2, 6)
    lines = [b"\\newcommand{%s}{%s}" % (n, names[(i + 1) % len(names)] * times) for i, n in enumerate(names)]
    if rng.random() < 0.6:
        lines[-1] = b"\\newcommand{%s}{x}" % names[-1]
    start = data.find(rb"\begin{document}")
    a, _ = _place(data, rng)
    a = max(a, start + 16)
    return data[: max(start, 0)] + b"\n".join(lines) + data[max(start, 0) : a] + names[0] + data[a:]


def _tex_table(data: bytes, rng: random.Random) -> bytes:
    """A table with very many rows or columns."""
    rows, columns = rng.choice(((20_000, 3), (3, 5000), (300, 300), (1, 60_000), (60_000, 1)))
    if not _full_size(rng):
        rows, columns = (max(1, x // (4 if rows == columns else 16)) for x in (rows, columns))
    row = b" & ".join(b"%d.%d" % (i, i % 10) for i in range(columns)) + rb" \\ "
    body = (
        rb"\begin{table}\caption{A table.}\begin{tabular}{"
        + b"c" * columns
        + b"}"
        + row * rows
        + rb"\end{tabular}\end{table}"
    )
    a, _ = _place(data, rng)
    return data[:a] + body[: 2 << 20] + data[a:]


def _line_repeat(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    i = rng.randrange(len(lines))
    most = (1 << (20 if _full_size(rng) else 17)) // (len(lines[i]) + 1)
    lines[i:i] = [lines[i]] * min(int(2 ** rng.uniform(1, 13)), most)
    return b"\n".join(lines)


def _latex_files(data: bytes, rng: random.Random, steps: list[str]) -> dict[str, bytes]:
    """The main file, at times with others that it reads, in circles too."""
    files = {"main.tex": data}
    if rng.random() < 0.2:
        steps.append("files")
        extra = rng.choice((data, rb"\input{b}", rb"\input{main}", _flip(data, rng), b"\\bibitem{x} A. 2020." * 3000))
        name = rng.choice(("b.tex", "main.bbl", "b.sty", "references.bib", "sub/b.tex", "b"))
        files[name] = extra
        files["main.tex"] = data.replace(rb"\begin{document}", rb"\begin{document}\input{b}", 1)
    return files


LATEX: Mapping[str, Mutation] = {
    "token inserted": _tex_insert,
    "tokens swapped": _tex_swap,
    "tokens dropped": _tex_drop,
    "nested": _tex_nest,
    "growing macros": _tex_macros,
    "huge table": _tex_table,
    "lines repeated": _line_repeat,
    "lines shuffled": _shuffle_lines,
    "encoding": _recode,
    "numbers": _number,
}

# ------------------------------------------------------------------ HTML

_HTML_TAG = rb"</?[A-Za-z][^<>]*>"
_TAGS = (
    b"<table>", b"</table>", b"<tr>", b"</tr>", b"<td colspan=99999999>", b"<td rowspan=99999999>", b"<td colspan=0 rowspan=0>", b"<th colspan=-5>",
    b"<td colspan='x'>", b"<math>", b"</math>", b"<math alttext='\\frac{\\frac{'>", b"<svg><foreignObject>", b"<script>", b"<style>",
    b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<p>", b"</p>", b"</div>", b"</body>", b"</html>", b"<body>", b"<html>", b"<head>", b"<title>",
    b"<figure class='ltx_table'>", b"<figcaption>", b"<section class='ltx_section'>", b"<h2>", b"<template>", b"<noscript>", b"<iframe srcdoc='<p>'>",
    b"<meta charset='utf-16'>", b"<meta charset='nonsense'>", b"<base href='x'>", b"<frameset>", b"<plaintext>", b"<xmp>", b"<select><option>",
    b"<?xml version='1.0' encoding='utf-16'?>", b"<?php", b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c SYSTEM 'file:///etc/passwd'>]>&b;&c;",
    b"&#x110000;", b"&#xD800;", b"&#0;", b"&#99999999999999;", b"&nbsp" * 500, b"&amp;" * 500, b"<annotation encoding='application/x-tex'>\\def\\a{\\a\\a}\\a</annotation>",
    b"<td><table><tr><td>", b"<span class='ltx_ERROR undefined'>\\multirow", b"<cite class='ltx_cite'>", b"<a href='#" + b"x" * 9999 + b"'>", b"<" * 3000, b"<a " + b"b=c " * 3000 + b">",
)  # fmt: skip


def _html_insert(data: bytes, rng: random.Random) -> bytes:
    return _replace(data, rb"(?=<)", rng.choice(_TAGS), rng, rng.choice((1, 1, 2, 40)))


def _html_drop(data: bytes, rng: random.Random) -> bytes:
    return _replace(data, _HTML_TAG, b"", rng, rng.choice((1, 5, 100)))


def _html_swap(data: bytes, rng: random.Random) -> bytes:
    parts = re.split(rb"(" + _HTML_TAG + rb")", data)
    for _ in range(rng.choice((1, 5, 100))):
        a, b = rng.randrange(len(parts)), rng.randrange(len(parts))
        parts[a], parts[b] = parts[b], parts[a]
    return b"".join(parts)


def _html_nest(data: bytes, rng: random.Random) -> bytes:
    tag = rng.choice(
        (
            b"div",
            b"table><tr><td",
            b"span",
            b"math><mrow",
            b"ul><li",
            b"section",
            b"figure",
            b"b",
            b"sub",
            b"p",
            b"msup",
        )
    )
    depth = int(2 ** rng.uniform(2, 16))
    a, _ = _place(data, rng)
    closed = b"".join(b"</" + part.strip(b"<>") + b">" for part in reversed(tag.split(b">")))
    return data[:a] + (b"<" + tag + b">") * depth + b"x" + closed * (depth if rng.random() < 0.6 else 0) + data[a:]


def _html_table(data: bytes, rng: random.Random) -> bytes:
    """A table with very many rows or columns, or spans that ask for them."""
    rows, columns, span = rng.choice(
        ((20_000, 3, 1), (3, 20_000, 1), (300, 300, 1), (1000, 1, 1000), (60_000, 1, 1), (200, 5, 65_534))
    )
    if not _full_size(rng):
        rows, columns = (max(1, x // (4 if rows == columns else 16)) for x in (rows, columns))
    cell = rng.choice((b"<td rowspan=%d>", b"<td colspan=%d>")) % span + b"1.5</td>"
    a, _ = _place(data, rng)
    body = b"<table class='ltx_tabular'>" + (b"<tr>" + cell * columns + b"</tr>") * rows + b"</table>"
    return data[:a] + body[: 3 << 20] + data[a:]


def _html_attribute(data: bytes, rng: random.Random) -> bytes:
    new = rng.choice(
        (
            b"colspan='65535'",
            b"rowspan='65535'",
            b"class='ltx_caption'",
            b"class='ltx_table'",
            b"class=''",
            b"id='a'",
            b"alttext='x^{'",
        )
    )
    return _replace(data, rb'[a-z]+="[^"<>]*"', new, rng, rng.choice((1, 10, 200)))


HTML: Mapping[str, Mutation] = {
    "tag inserted": _html_insert,
    "tags dropped": _html_drop,
    "tags swapped": _html_swap,
    "nested": _html_nest,
    "huge table": _html_table,
    "attributes": _html_attribute,
    "lines repeated": _line_repeat,
    "lines shuffled": _shuffle_lines,
    "encoding": _recode,
    "numbers": _number,
}
