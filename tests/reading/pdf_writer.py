"""Writes small PDFs for the tests: text at places, rules, boxes; standard fonts, so that no font file is needed."""

from __future__ import annotations

from dataclasses import dataclass, field

FONTS = {"R": "Helvetica", "B": "Helvetica-Bold", "I": "Helvetica-Oblique"}


@dataclass
class PageWriter:
    """One page; y counts down from the top, as in the records."""

    width: float = 612
    height: float = 792
    rotate: int = 0
    stream: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, words: str, size: float = 10, font: str = "R", *, up: bool = False
    ) -> PageWriter:
        """Words with their baseline at y; `up` writes from bottom to top."""
        escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        matrix = "0 1 -1 0" if up else "1 0 0 1"
        self.stream.append(f"BT /{font} {size} Tf {matrix} {x} {self.height - y} Tm ({escaped}) Tj ET")
        return self

    def row(
        self, xs: tuple[float, ...], y: float, cells: tuple[str, ...], size: float = 10, font: str = "R"
    ) -> PageWriter:
        """Cells that begin at xs."""
        for x, cell in zip(xs, cells, strict=True):
            if cell:
                self.text(x, y, cell, size, font)
        return self

    def rule(self, x0: float, x1: float, y: float, thickness: float = 0.8) -> PageWriter:
        """A horizontal rule as TeX draws it: a thin filled box."""
        self.stream.append(f"{x0} {self.height - y} {x1 - x0} {thickness} re f")
        return self

    def paragraph(self, x: float, y: float, lines: list[str], size: float = 10, leading: float = 12) -> float:
        """Lines below each other; returns the next baseline."""
        for line in lines:
            self.text(x, y, line, size)
            y += leading
        return y


def write_pdf(*pages: PageWriter, means: dict[str, str] | None = None) -> bytes:
    """The bytes of a PDF of these pages; `means` gives letters that stand for another one, whatever they look like."""
    objects: list[bytes] = []
    kids = " ".join(f"{3 + len(FONTS) + 2 * i} 0 R" for i in range(len(pages)))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R >>")
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    maps = f" /ToUnicode {3 + len(FONTS) + 2 * len(pages)} 0 R" if means else ""
    for name in FONTS.values():
        objects.append(f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding{maps} >>".encode())
    fonts = " ".join(f"/{key} {3 + i} 0 R" for i, key in enumerate(FONTS))
    for i, page in enumerate(pages):
        content = "\n".join(page.stream).encode("cp1252")
        number = 3 + len(FONTS) + 2 * i
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page.width} {page.height}] /Rotate {page.rotate} "
            f"/Resources << /Font << {fonts} >> >> /Contents {number + 1} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    if means:
        lines = [f"<{ord(a):02x}> <{b.encode('utf-16-be').hex()}>" for a, b in means.items()]
        code = "\n".join(
            [
                "begincmap 1 begincodespacerange <00> <ff> endcodespacerange",
                f"{len(lines)} beginbfchar",
                *lines,
                "endbfchar endcmap",
            ]
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(code), code.encode()))
    out = bytearray(b"%PDF-1.4\n")
    places: list[int] = []
    for k, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (k, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % p for p in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
