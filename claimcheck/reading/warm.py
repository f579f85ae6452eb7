"""Small papers of our own, read once before any other, so that a process has loaded all that reading needs."""

from __future__ import annotations

from claimcheck.foundation.records import Paper, Source, SourceKind
from claimcheck.reading.dispatch import load_reader

_SENTENCE = "The second model is 1.5 points better than the first one on both tasks, as Table 1 shows."
_ROWS = (("Model", "Task A", "Task B"), ("First", "71.0", "68.5"), ("Second", "72.5", "70.0"))

_TEX_ROWS = r" \\ ".join(" & ".join(row) for row in _ROWS)

_HTML = f"""<!DOCTYPE html><html><head><title>Two models</title></head><body><article><h1>Two models</h1>
<section class="ltx_section"><h2>1 Results</h2><p>{_SENTENCE} <math alttext="x^{{2}}"><mi>x</mi></math></p>
<figure class="ltx_table"><figcaption>Table 1: Accuracy.</figcaption><table>
{"".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in _ROWS)}
</table></figure></section></article></body></html>"""

_LATEX = rf"""\documentclass{{article}}\newcommand{{\ours}}[1]{{\textbf{{#1}}}}\begin{{document}}\title{{Two models}}
\maketitle\section{{Results}} {_SENTENCE} See Table~\ref{{t}} and $x^2$.
\begin{{table}}\caption{{Accuracy.}}\label{{t}}\begin{{tabular}}{{lcc}}\hline
{_TEX_ROWS} \\ \hline \ours{{Both}} & \multicolumn{{2}}{{c}}{{99.0}} \\
\end{{tabular}}\end{{table}}\end{{document}}"""


def warm_up(kind: SourceKind) -> None:
    """Reads a paper of one kind in this process. Raises ImportError where its libraries are missing."""
    data = {"pdf": _pdf, "html": _HTML.encode, "latex": _LATEX.encode, "text": _SENTENCE.encode}[kind]()
    source = Source(paper=Paper(id="warm", source_kind=kind), kind=kind, files={"main": data}, main="main")
    load_reader(kind, tables=True, max_pages=9)(source).model_dump_json()


def _pdf() -> bytes:
    """One page: a title, a paragraph and a ruled table."""
    drawn = ["BT /F 16 Tf 200 740 Td (Two models) Tj ET"]
    drawn += [f"BT /F 10 Tf 72 {700 - 12 * i} Td ({_SENTENCE}) Tj ET" for i in range(12)]
    drawn += ["BT /F 10 Tf 72 520 Td (Table 1: Accuracy of two models.) Tj ET"]
    drawn += [f"72 {y} 300 0.5 re f" for y in (505, 490, 460)]
    for i, row in enumerate(_ROWS):
        drawn += [f"BT /F 10 Tf {72 + 100 * j} {494 - 14 * i} Td ({cell}) Tj ET" for j, cell in enumerate(row)]
    content = "\n".join(drawn)
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
    )
    written = "%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = (
        f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Root 1 0 R /Size 6 >>\nstartxref\n{len(written)}\n%%EOF\n"
    )
    return (written + end).encode("ascii")
