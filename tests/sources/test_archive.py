"""Hostile archives are refused with their reason, in memory within the limits; good ones give what a reader needs."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from fake_arxiv import TEX, gz, tar_gz
from hypothesis import given, settings
from hypothesis import strategies as st

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.sources.archive import Limits, gunzip, is_tar, looks_like_text, unpack_tar, unpack_zip

SMALL = Limits(files=20, unpacked=40_000_000, packed=10_000_000)


def make_zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tar_with(change: Callable[[tarfile.TarInfo], None], data: bytes = b"") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("main.tex")
        member.size = len(data)
        change(member)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def unpack(data: bytes, limits: Limits = SMALL) -> dict[str, bytes]:
    return (unpack_zip if data[:2] == b"PK" else unpack_tar)(data, limits, where="paper.x")


@pytest.mark.parametrize("make", [tar_gz, make_zip, lambda f: gzip.decompress(tar_gz(f))])
def test_keeps_what_a_reader_needs(make: Callable[[dict[str, bytes]], bytes]) -> None:
    files = {
        "./sub/main.tex": TEX,
        "refs.bbl": b"\\bibitem{x}",
        "results.inp": b"1 & 2 \\\\",
        "fig.png": b"\x89PNG\0",
        "plot.pdf": b"%PDF-1.4\n",
        "data": b"\x00\x01\x02" * 100,
        "huge.dat": b"1 2 3\n" * 300_000,
        "._main.tex": b"x",
        "__MACOSX/main.tex": b"x",
    }
    assert unpack(make(files)) == {
        "refs.bbl": files["refs.bbl"],
        "results.inp": files["results.inp"],
        "sub/main.tex": TEX,
    }


def test_pdfs_stay_where_there_is_no_tex() -> None:
    assert list(unpack(tar_gz({"paper.pdf": b"%PDF-1.4\n", "logo.png": b"\x89PNG\0"}))) == ["paper.pdf"]


@pytest.mark.parametrize("name", ["../x.tex", "/etc/x.tex", "a/../../x.tex", "C:\\x.tex", "..\\x.tex", "a/.."])
@pytest.mark.parametrize("make", [tar_gz, make_zip])
def test_ways_out_are_refused(name: str, make: Callable[[dict[str, bytes]], bytes]) -> None:
    with pytest.raises(UnreadableInputError, match=r"paper\.x: holds a file that lies outside it .*pass the folder"):
        unpack(make({name: b"x"}))


def test_links_and_devices_are_refused() -> None:
    def link(kind: bytes) -> Callable[[tarfile.TarInfo], None]:
        def change(member: tarfile.TarInfo) -> None:
            member.type, member.linkname = kind, "/etc/passwd"

        return change

    for kind, said in (
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.FIFOTYPE, "special file"),
    ):
        with pytest.raises(UnreadableInputError, match=said):
            unpack(tar_with(link(kind)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("main.tex")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(UnreadableInputError, match="a link"):
        unpack(out.getvalue())


def test_encrypted_and_unusually_packed_zips_are_refused() -> None:
    data = bytearray(make_zip({"main.tex": TEX}))
    directory = data.rfind(b"PK\x01\x02")
    data[6] |= 1
    data[directory + 8] |= 1
    with pytest.raises(UnreadableInputError, match="is encrypted"):
        unpack(bytes(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("main.tex", TEX)
    with pytest.raises(UnreadableInputError, match="unusual method"):
        unpack(out.getvalue())


def test_word_documents_are_named() -> None:
    with pytest.raises(UnreadableInputError, match="is a Word document; save it as PDF"):
        unpack(make_zip({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}))


@pytest.mark.parametrize("make", [tar_gz, make_zip])
def test_too_many_files(make: Callable[[dict[str, bytes]], bytes]) -> None:
    with pytest.raises(UnreadableInputError, match=r"more than 20 files.*CLAIMCHECK_MAX_FILES"):
        unpack(make({f"{n}.tex": b"x" for n in range(21)}))


def test_a_directory_of_countless_entries_is_refused_unparsed() -> None:
    with pytest.raises(UnreadableInputError, match="more than 20 files"):
        unpack(b"PK\x03\x04" + b"PK\x01\x02" * 2000)


@pytest.mark.parametrize("make", [lambda f: gz(f["x.tex"]), tar_gz, make_zip])
@pytest.mark.parametrize("name", ["x.tex", "x.png"])
def test_bombs_fail_without_using_memory(make: Callable[[dict[str, bytes]], bytes], name: str) -> None:
    data = make({name: b" " * 50_000_000, "x.tex": b" " * 50_000_000})
    assert len(data) < 500_000
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableInputError, match="unpacks to more than"):
            gunzip(data, SMALL, where="x") if data[:2] == b"\x1f\x8b" and not is_tar(data, packed=True) else unpack(
                data
            )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < SMALL.unpacked + 5_000_000


@pytest.mark.parametrize("make", [lambda f: gz(f["x.tex"]), tar_gz, make_zip])
def test_a_bomb_below_the_size_limit_is_told_by_its_ratio(make: Callable[[dict[str, bytes]], bytes]) -> None:
    data = make({"x.tex": b" " * 50_000_000})
    act = unpack_zip if data[:2] == b"PK" else unpack_tar if is_tar(data, packed=True) else gunzip
    with pytest.raises(UnreadableInputError, match="more than 250 times its size, as an archive bomb does"):
        act(data, Limits(), where="x")


def test_a_zip_that_lies_about_its_size_gives_no_more_than_announced() -> None:
    data = bytearray(make_zip({"x.tex": b" " * 5_000_000}))
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    with pytest.raises(UnreadableInputError, match="damaged archive"):
        unpack(bytes(data))


def test_a_zip_entry_without_a_name_is_no_crash() -> None:
    # zipfile's own is_dir() fails on it
    data = bytearray(make_zip({"x": TEX}))
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 46] = data[30] = 0
    assert unpack(bytes(data)) == {}


def test_sparse_files_are_refused() -> None:
    # a header of GNU's sparse type announces terabytes of zeros in 512 bytes
    data = bytearray(tar_with(lambda m: None, b"x"))
    data[156:157] = tarfile.GNUTYPE_SPARSE
    data[483:495] = b"77777777777\0"
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    with pytest.raises(UnreadableInputError, match="special file"):
        unpack(bytes(data))


def test_oversized_headers_are_refused_unread() -> None:
    def oversize(member: tarfile.TarInfo) -> None:
        member.type, member.size = tarfile.XHDTYPE, 30_000_000

    data = tar_with(oversize, b"\x00" * 30_000_000)
    with pytest.raises(UnreadableInputError, match="oversized header"):
        unpack(data)


def test_a_cut_off_archive_says_so() -> None:
    whole = tar_gz({f"{n}.tex": bytes(range(32, 127)) * 50 * (n + 1) for n in range(9)})
    with pytest.raises(UnreadableInputError, match="is cut off"):
        unpack(whole[: len(whole) // 2])
    plain = gzip.decompress(whole)
    with pytest.raises(UnreadableInputError, match="damaged archive"):
        unpack(plain[: len(plain) // 2])
    packed = make_zip({"main.tex": TEX * 100})
    with pytest.raises(UnreadableInputError, match="damaged archive"):
        unpack(packed[: len(packed) // 2])


def test_gzip_members_are_joined_and_padding_ignored() -> None:
    assert gunzip(gz(b"one ") + gz(b"two") + b"\0" * 512, SMALL, where="x") == b"one two"
    assert gunzip(gz(b"x") * 500, SMALL, where="x") == b"x" * 500
    with pytest.raises(UnreadableInputError, match="too many parts"):
        gunzip(gz(b"") * 2000, SMALL, where="x")


def test_tar_is_told_by_its_checksum() -> None:
    assert is_tar(tar_with(lambda m: None, TEX))
    assert is_tar(tar_gz({"x": b""}), packed=True)
    assert not is_tar(gz(TEX), packed=True)
    assert not is_tar(TEX * 20)
    assert not is_tar(b"")


def test_text_is_told_from_data() -> None:
    assert looks_like_text("Größe äöü €".encode() * 2000)
    assert looks_like_text("se\u00f1or".encode("latin-1"))
    assert looks_like_text("Model".encode("utf-16"))
    assert looks_like_text(TEX + b"\x1a")
    assert not looks_like_text(b"\x00\x01" * 50)
    assert not looks_like_text(bytes(range(256)) * 4)


def outcome(act: Callable[..., object], data: bytes) -> str:
    """ "unpacked", or the error's text; any other exception fails the test."""
    try:
        act(data, SMALL, where="paper.x")
    except UnreadableInputError as error:
        return str(error)
    return "unpacked"


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x1f\x8b\x08\0", b"PK\x03\x04", b"PK\x05\x06"]))
@settings(max_examples=200, deadline=None)
def test_noise_raises_nothing_else(noise: bytes, beginning: bytes) -> None:
    for act in (unpack_tar, unpack_zip, gunzip):
        said = outcome(act, beginning + noise)
        assert said == "unpacked" or said.startswith("paper.x: ")
        assert "\n" not in said


WHOLE = {"tar": gzip.decompress(tar_gz({"m.tex": TEX})), "zip": make_zip({"m.tex": TEX}), "tgz": tar_gz({"m.tex": TEX})}


@given(st.integers(0, 600), st.integers(0, 255), st.sampled_from(sorted(WHOLE)))
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_raises_nothing_else(place: int, value: int, kind: str) -> None:
    data = bytearray(WHOLE[kind])
    data[place % len(data)] = value
    said = outcome(unpack_zip if kind == "zip" else unpack_tar, bytes(data))
    assert said == "unpacked" or said.startswith("paper.x: ")
