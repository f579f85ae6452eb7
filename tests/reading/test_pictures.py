"""Pictures of pages: from the very PDF, boxes on the words, the same bytes each time, and hostile PDFs."""

from __future__ import annotations

import hashlib
import io
import time
import zlib
from pathlib import Path

import pypdfium2
import pytest
from pdf_factory import build, encrypted_pdf
from PIL import Image

from claimcheck.foundation.records import Check, CheckedClaim, Evidence, Label, Ledger, Paper, Place, Pointer, Verdict
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store
from claimcheck.reading.dispatch import parse
from claimcheck.reading.pdf.pictures import DPI, LONGEST_SIDE, MOST_PIXELS
from claimcheck.reading.pictures import PagePicture, pictures_for
from claimcheck.sources.files import from_path
from tests.reading.pdf_writer import PageWriter, write_pdf

SAMPLE = Path(__file__).parents[1] / "data" / "sample" / "paper.pdf"
SENTENCE = "The adapters reach eighty points on the test set of the task."


def claim(*pages: int | None, label: Label = "supported", paper: str = "", evidence: int | None = None) -> CheckedClaim:
    """A claim with places on these pages, and a check with evidence on another."""
    check = Check(
        kind="text",
        label=label,
        score=0.9,
        evidence=[Evidence(quote="q", pointer=Pointer(paper=paper, page=evidence))] if evidence else [],
    )
    shares = {"supported": (0.9, 0.05), "refuted": (0.05, 0.9), "not_enough_info": (0.1, 0.1)}[label]
    return CheckedClaim(
        id="0a1b2c3d4e5f",
        text="text",
        places=tuple(Place(pointer=Pointer(paper=paper, page=page), text="text") for page in pages),
        verdict=Verdict.of(*shares, [check]),
    )


def ledger(data: bytes, *claims: CheckedClaim, **paper: object) -> Ledger:
    known = {"id": "p", "version": "v2", "source_kind": "pdf", "source_sha256": hashlib.sha256(data).hexdigest()}
    return Ledger(paper=Paper(**(known | paper)), claims=claims or (claim(1),))  # type: ignore[arg-type]


def pages(count: int, **more: float) -> bytes:
    written = [PageWriter(**more) for _ in range(count)]  # type: ignore[arg-type]
    for number, page in enumerate(written, 1):
        page.text(72, 100, f"{SENTENCE} {number}")
    return write_pdf(*written)


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Settings with a cache of their own, in which no PDF is."""
    return Settings(home=tmp_path / "home")


def draw(data: bytes, tmp_path: Path, own: Settings, *claims: CheckedClaim) -> tuple[tuple[PagePicture, ...], str]:
    (tmp_path / "paper.pdf").write_bytes(data)
    pictures, notes = pictures_for(ledger(data, *claims), [tmp_path / "paper.pdf"], own)
    return pictures, " ".join(notes)


def test_the_pages_that_places_and_evidence_name(tmp_path: Path, own: Settings) -> None:
    wanted = (claim(2, 2, None, evidence=4), claim(2, paper="pv2"), claim(3, paper="another", evidence=5))
    pictures, notes = draw(pages(6), tmp_path, own, *wanted)
    assert notes == ""
    assert [p.page for p in pictures] == [2, 4]
    for picture in pictures:
        image = Image.open(io.BytesIO(picture.png))
        assert (picture.paper, picture.width, picture.height) == ("p", 612, 792)
        assert image.size == (935, 1210)
        assert image.format == "PNG"
        assert image.info == {}
    assert pictures[0].png != pictures[1].png


def test_the_same_bytes_each_time(own: Settings) -> None:
    book = ledger(SAMPLE.read_bytes(), claim(1, 2, 3))
    first, again = (pictures_for(book, [SAMPLE], own) for _ in range(2))
    assert first == again
    assert len(first[0]) == 3
    assert sum(len(p.png) for p in first[0]) < 500_000


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("cropped", [False, True])
def test_a_box_of_the_reader_lies_on_the_words(rotation: int, cropped: bool, tmp_path: Path, own: Settings) -> None:
    page = PageWriter()
    page.paragraph(90, 300, ["Reading of boxes", SENTENCE])
    document = pypdfium2.PdfDocument(write_pdf(page))
    document[0].set_rotation(rotation)
    if cropped:
        document[0].set_mediabox(-50, -30, 612, 792)
        document[0].set_cropbox(-20, 40, 700, 600)
    file = io.BytesIO()
    document.save(file)
    read = parse(from_bytes(file.getvalue(), own), tables=False, max_pages=9)
    boxes = [s.box for s in read.sentences if s.box is not None]
    [picture], notes = draw(file.getvalue(), tmp_path, own)
    assert notes == ""
    width, height = (632, 560) if cropped else (612, 792)
    assert (picture.width, picture.height) == ((height, width) if rotation % 180 else (width, height))
    image = Image.open(io.BytesIO(picture.png)).convert("L")
    ink = image.point([255 * (v < 128) for v in range(256)]).getbbox()
    assert ink is not None
    scale = image.width / picture.width
    assert image.height / picture.height == pytest.approx(scale, rel=0.01)
    x0, top = min(b[0] for b in boxes) * scale, min(b[1] for b in boxes) * scale
    x1, bottom = max(b[2] for b in boxes) * scale, max(b[3] for b in boxes) * scale
    assert x0 - 2 <= ink[0] <= ink[2] <= x1 + 2
    assert top - 2 <= ink[1] <= ink[3] <= bottom + 2
    assert (ink[2] - ink[0]) * (ink[3] - ink[1]) > 0.5 * (x1 - x0) * (bottom - top)


def from_bytes(data: bytes, own: Settings) -> object:
    from claimcheck.sources.files import from_bytes as source_of

    return source_of(data, own, name="paper.pdf")


def test_colour_is_kept_and_a_photograph_is_small(tmp_path: Path, own: Settings) -> None:
    noise = bytes((i * 7919 + (i >> 5) * 31) % 256 for i in range(300 * 300 * 3))
    pictures, notes = draw(image_pdf(300, 300, noise), tmp_path, own)
    assert notes == ""
    image = Image.open(io.BytesIO(pictures[0].png))
    assert image.mode in ("P", "RGB")
    assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 16
    assert len(pictures[0].png) < 1_500_000


def test_folders_are_searched_without_links_out(tmp_path: Path, own: Settings) -> None:
    data, other = pages(1), pages(2)
    folder, outside = tmp_path / "papers", tmp_path / "outside"
    (folder / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "right.pdf").write_bytes(data)
    (folder / "link.pdf").symlink_to(outside / "right.pdf")
    (folder / "links").symlink_to(outside)
    (folder / "other.pdf").write_bytes(other)
    pictures, notes = pictures_for(ledger(data), [folder], own)
    assert pictures == ()
    assert "none of the 1 PDFs in papers is the one that the ledger was made of" in notes[0]
    assert str(tmp_path) not in notes[0]
    (folder / "deep" / "RIGHT.PDF").write_bytes(data)
    pictures, notes = pictures_for(ledger(data), [folder], own)
    assert [p.page for p in pictures] == [1]
    assert notes == ()
    few = own.model_copy(update={"max_files": 1})
    assert pictures_for(ledger(data), [folder], few)[0] == ()


def test_a_folder_with_one_pdf_is_a_source_too(tmp_path: Path, own: Settings) -> None:
    folder = tmp_path / "paper"
    folder.mkdir()
    (folder / "main.pdf").write_bytes(pages(1))
    digest = from_path(folder, own).paper.source_sha256
    for path in (folder, folder / "main.pdf"):
        assert len(pictures_for(ledger(b"", source_sha256=digest), [path], own)[0]) == 1


def test_what_does_not_match_is_named(tmp_path: Path, own: Settings) -> None:
    (tmp_path / "other.pdf").write_bytes(pages(2))
    (tmp_path / "text.pdf").write_bytes(b"no PDF at all")
    given = [tmp_path / "other.pdf", tmp_path / "text.pdf", tmp_path / "missing.pdf"]
    pictures, [note] = pictures_for(ledger(pages(1)), given, own)
    assert pictures == ()
    assert "other.pdf is not the file that the ledger was made of" in note
    assert "there is no file missing.pdf" in note
    assert str(tmp_path) not in note
    # another one that does match is all that is needed
    (tmp_path / "right.pdf").write_bytes(pages(1))
    pictures, notes = pictures_for(ledger(pages(1)), [*given, tmp_path / "right.pdf"], own)
    assert len(pictures) == 1
    assert notes == ()


def test_a_pdf_in_the_cache_is_found(own: Settings) -> None:
    Store(own.home).put_blob(pages(1))
    pictures, notes = pictures_for(ledger(pages(1)), [], own)
    assert len(pictures) == 1
    assert notes == ()


@pytest.mark.parametrize(("kind", "said"), [("latex", "LaTeX"), ("html", "HTML"), ("text", "plain text")])
def test_a_source_without_pages_has_no_pictures(kind: str, said: str, own: Settings) -> None:
    pictures, [note] = pictures_for(ledger(SAMPLE.read_bytes(), source_kind=kind), [SAMPLE], own)
    assert pictures == ()
    assert f"read as {said}" in note


def test_a_ledger_that_names_no_page_or_no_file(own: Settings) -> None:
    assert "names one" in pictures_for(ledger(b"x", claim(None)), [SAMPLE], own)[1][0]
    assert "which file" in pictures_for(ledger(b"x", source_sha256=""), [SAMPLE], own)[1][0]


def test_a_page_that_is_not_there_is_a_note_and_the_others_are_shown(tmp_path: Path, own: Settings) -> None:
    pictures, notes = draw(pages(2), tmp_path, own, claim(1, 99, 2))
    assert [p.page for p in pictures] == [1, 2]
    assert "Page 99 is not shown: the PDF has 2 pages." in notes


def test_the_most_needed_pages_are_kept_where_there_are_too_many(tmp_path: Path, own: Settings) -> None:
    data = pages(5)
    (tmp_path / "paper.pdf").write_bytes(data)
    claims = (claim(1), claim(2), claim(2), claim(3, label="refuted"), claim(4), claim(5))
    one = len(pictures_for(ledger(data), [tmp_path / "paper.pdf"], own)[0][0].png)
    pictures, [note] = pictures_for(ledger(data, *claims), [tmp_path / "paper.pdf"], own, most_bytes=int(2.5 * one))
    assert [p.page for p in pictures] == [2, 3]
    assert note.startswith("Pages 1, 4, 5 are not shown")


def image_pdf(width: int, height: int, data: bytes, *, before: int = 0) -> bytes:
    """A page that is one image in RGB, after `before` pages of text."""
    content = b"q 612 0 0 792 0 0 cm /I Do Q"
    text = b"BT /F1 10 Tf 72 700 Td (Nine words of text stand on this first page.) Tj ET"
    packed = zlib.compress(data, 9)
    first = b" ".join(b"%d 0 R" % (7 + i) for i in range(before))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    box = b"/MediaBox [0 0 612 792] /Resources << /XObject << /I 5 0 R >> /Font << /F1 %s >> >>" % font
    return build(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s 3 0 R] /Count %d >>" % (first, before + 1),
            b"<< /Type /Page /Parent 2 0 R %s /Contents 4 0 R >>" % box,
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"
            b" /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (width, height, len(packed), packed),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
            *(b"<< /Type /Page /Parent 2 0 R %s /Contents 6 0 R >>" % box for _ in range(before)),
        ]
    )


@pytest.mark.parametrize("size", [(14400, 14400), (14400, 10), (3, 14400), (1, 1), (0, 792), (1e9, 1e9)])
def test_a_page_of_any_size_has_few_pixels(size: tuple[float, float], tmp_path: Path, own: Settings) -> None:
    started = time.perf_counter()
    pictures, notes = draw(pages(1, width=size[0], height=size[1]), tmp_path, own)
    assert time.perf_counter() - started < 15
    assert bool(pictures) != bool(notes)
    for picture in pictures:
        width, height = Image.open(io.BytesIO(picture.png)).size
        assert width * height <= 1.01 * MOST_PIXELS
        assert max(width, height) <= LONGEST_SIDE + 1
        assert width <= picture.width * DPI / 72 + 1


def test_an_image_that_unpacks_to_gigabytes_costs_its_page_at_most(tmp_path: Path, own: Settings) -> None:
    bomb = image_pdf(40_000, 40_000, bytes(30_000_000), before=2)
    tight = own.model_copy(update={"read_memory_mb": 600})
    started = time.perf_counter()
    pictures, _ = draw(bomb, tmp_path, tight, claim(1, 2, 3))
    assert time.perf_counter() - started < 30
    assert [p.page for p in pictures][:2] == [1, 2]


def test_a_page_that_ends_the_worker_does_not_take_the_others_along(
    tmp_path: Path, own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from claimcheck.foundation.process import Child, ChildLostError

    real = Child.ask

    def ask(child: Child, request: object, **limits: object) -> bytes:
        parts = list(request)  # type: ignore[call-overload]
        if b'"page": 2}' in parts[0]:
            child.kill()
            raise ChildLostError(-11)
        return real(child, iter(parts), **limits)  # type: ignore[arg-type]

    monkeypatch.setattr(Child, "ask", ask)
    pictures, notes = draw(pages(3), tmp_path, own, claim(1, 2, 3))
    assert [p.page for p in pictures] == [1, 3]
    assert notes == "Page 2 is not shown: drawing it was ended by SIGSEGV."


@pytest.mark.parametrize(
    "answer", [b"[]", b"{}", b"null", b"not json", b'{"png": "AAAA", "width": 1, "height": 1}', b'{"error": 5}']
)
def test_a_worker_that_was_taken_over_cannot_answer_anything_else(
    answer: bytes, tmp_path: Path, own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from claimcheck.foundation.process import Child

    monkeypatch.setattr(Child, "ask", lambda *_, **__: answer)
    pictures, notes = draw(pages(1), tmp_path, own)
    assert pictures == ()
    assert "shown" in notes


@pytest.mark.parametrize(
    "data",
    [
        encrypted_pdf(),
        pages(1)[:-400],
        b"%PDF-1.4\n" + bytes(2000),
        b"%PDF-",
        pages(1).replace(b"/Contents", b"/Contentz"),
        pages(1).replace(b" Tj", b"\x00\xff"),
    ],
)
def test_damaged_and_encrypted_files(data: bytes, tmp_path: Path, own: Settings) -> None:
    pictures, notes = draw(data, tmp_path, own)
    assert len(pictures) <= 1
    assert bool(pictures) != bool(notes)
    assert "\n" not in notes


def test_no_time_is_a_note(tmp_path: Path, own: Settings) -> None:
    pictures, notes = draw(pages(2), tmp_path, own.model_copy(update={"read_seconds": 0.01}), claim(1, 2))
    assert pictures == ()
    assert "shown" in notes


def test_many_missing_pages_are_one_note(tmp_path: Path, own: Settings) -> None:
    pictures, notes = draw(pages(1), tmp_path, own, claim(*range(1, 200)))
    assert [p.page for p in pictures] == [1]
    assert notes.startswith("Pages 2, 3, 4, ")
    assert notes.endswith(" and 178 more are not shown: the PDF has 1 page.")
