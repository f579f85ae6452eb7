"""Archives unpacked in memory, as hostile input: limits on count, size and ratio; no links, devices or ways out.

Nothing is written to disk. Only what a reader may need is kept: TeX and its companions, text, HTML, and PDFs where
there is no TeX. The limits hold for everything in the archive, kept or not, and are checked before memory is spent.
"""

from __future__ import annotations

import io
import posixpath
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Self, cast

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.foundation.settings import Settings

__all__ = ["Limits", "gunzip", "is_tar", "is_wanted", "looks_like_text", "unpack_tar", "unpack_zip"]

TEX_SUFFIXES = frozenset({".tex", ".ltx", ".latex"})
HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
_TEXT_SUFFIXES = TEX_SUFFIXES | HTML_SUFFIXES | {".bbl", ".bib", ".sty", ".cls", ".clo", ".def", ".cfg", ".txt", ".md"}
# never text that a reader needs, however small: not even looked at
_BINARY_SUFFIXES = frozenset(
    f".{suffix}"
    for group in (
        "png jpg jpeg gif bmp tif tiff webp svg eps ps epsi fig ai psd mp4 avi mov mp3 wav",
        "ttf otf pfb pfa tfm vf woff gz bz2 xz zip tar tgz 7z rar npy npz pt bin pkl h5 so dll exe class pyc",
        "dvi synctex aux log out toc blg fls fdb_latexmk",
    )
    for suffix in group.split()
)
_SMALL_TEXT = 1 << 20  # bytes: an unknown file above this is data, not text
_RATIO_FROM = 16 << 20  # bytes unpacked before the ratio says anything: short runs of blanks pack well
_STEP = 1 << 18
_MAX_HEADER = 1 << 20  # bytes of an extended tar header
_MAX_MEMBERS = 1000  # parts of a gzip file; each costs time, even an empty one
_EXTENDED_HEADERS = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
_ZIP_ENTRY = b"PK\x01\x02"
# all that tarfile and zipfile raise on damaged or odd input
_FAULTS = (EOFError, ValueError, ArithmeticError, LookupError, struct.error, zlib.error, RuntimeError)
_UNPACK_ADVICE = "unpack it yourself and pass the folder of the paper"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an input may cost: `files` members, bytes `unpacked` and `packed`, and the `ratio` of the two."""

    files: int = 5000
    unpacked: int = 300_000_000
    packed: int = 100_000_000
    ratio: float = 250.0  # TeX packs 3 to 10 times, sparse data 50 times, a bomb 1,000 times

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that the settings give."""
        return cls(settings.max_files, settings.max_unpacked_mb * 10**6, settings.max_input_mb * 10**6)


class _Inflate:
    """Reads a gzip stream in steps and stops at the limits; what tarfile's stream mode takes as a file."""

    def __init__(self, data: bytes, limits: Limits, where: str) -> None:
        self._data, self._limits, self._where = memoryview(data), limits, where
        self._position = 0
        self._tail = b""  # packed bytes that were fed, but not used yet
        self._ready = memoryview(b"")  # a view: cutting a piece off its front copies nothing
        self._produced = self._members = 0
        self._stream = zlib.decompressobj(wbits=31)

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end. Raises UnreadableInputError."""
        parts: list[bytes] = []
        missing = size
        while missing > 0:
            if not self._ready and not self._fill():
                break
            parts.append(bytes(self._ready[:missing]))
            self._ready = self._ready[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)

    def _fill(self) -> bool:
        """Unpack at least a byte into `_ready`; False at the end."""
        while not self._ready:
            if self._stream.eof:
                # another member may follow; anything else is padding
                self._tail = self._stream.unused_data or self._next()
                self._members += 1
                if self._tail[:1] != b"\x1f":
                    return False
                if self._members > _MAX_MEMBERS:
                    raise UnreadableInputError("is made of too many parts", where=self._where, todo=_UNPACK_ADVICE)
                self._stream = zlib.decompressobj(wbits=31)
            self._tail = self._tail or self._next()
            if not self._tail:
                raise UnreadableInputError("is cut off", where=self._where, todo="fetch it again")
            try:
                self._ready = memoryview(self._stream.decompress(self._tail, _STEP))
            except zlib.error as error:
                raise UnreadableInputError(f"is damaged ({error})", where=self._where, todo="fetch it again") from None
            self._tail = self._stream.unconsumed_tail
            self._produced += len(self._ready)
            _check_size(self._produced, self._position - len(self._tail), self._limits, self._where)
        return True

    def _next(self) -> bytes:
        step = bytes(self._data[self._position : self._position + _STEP])
        self._position += len(step)
        return step


class _Member(tarfile.TarInfo):
    """A member whose extended headers, which tarfile reads whole, are small."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """A member from its header. Raises tarfile.ReadError for an extended header of more than 1 MiB."""
        member = super().frombuf(buf, encoding, errors)
        if member.type in _EXTENDED_HEADERS and member.size > _MAX_HEADER:
            raise tarfile.ReadError("oversized header")
        return member


def gunzip(data: bytes, limits: Limits, *, where: str) -> bytes:
    """The contents of a gzip file. Raises UnreadableInputError where it is damaged, cut off or a bomb."""
    stream = _Inflate(data, limits, where)
    parts: list[bytes] = []
    while part := stream.read(_STEP):
        parts.append(part)
    return b"".join(parts)


def is_tar(data: bytes, *, packed: bool = False) -> bool:
    """Whether the bytes (`packed`: those inside their gzip) begin as a tar archive of any age; its checksum tells."""
    head = data[:512]
    if packed:
        try:
            head = zlib.decompressobj(wbits=31).decompress(data[:65536], 512)
        except zlib.error:
            return False
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def unpack_tar(data: bytes, limits: Limits, *, where: str) -> dict[str, bytes]:
    """The wanted files of a tar or tar.gz by their relative path. Raises UnreadableInputError."""
    stream = cast(IO[bytes], _Inflate(data, limits, where) if data[:2] == b"\x1f\x8b" else io.BytesIO(data))
    collected = _Collected(limits, where)
    try:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member, errorlevel=2) as archive:
            for member in archive:
                if member.issym() or member.islnk():
                    raise UnreadableInputError(f"holds a link ({member.name[:80]!r})", where=where, todo=_UNPACK_ADVICE)
                if not (member.isfile() or member.isdir()) or member.issparse():
                    what = f"holds a device or another special file ({member.name[:80]!r})"
                    raise UnreadableInputError(what, where=where, todo=_UNPACK_ADVICE)
                name = collected.announce(member.name, member.size if member.isfile() else 0)
                if not member.isfile() or not collected.may_want(name, member.size):
                    continue
                file = archive.extractfile(member)
                if file is not None:
                    collected.add(name, file.read())
    except (tarfile.TarError, *_FAULTS) as error:
        raise UnreadableInputError(f"is a damaged archive ({error})", where=where, todo="fetch it again") from None
    return collected.result()


def unpack_zip(data: bytes, limits: Limits, *, where: str) -> dict[str, bytes]:
    """The wanted files of a zip archive by their relative path. Raises UnreadableInputError."""
    # counted before the directory is parsed: a million entries would cost a gigabyte of objects
    if data.count(_ZIP_ENTRY) > limits.files + 1000:
        raise _too_many(limits, where)
    collected = _Collected(limits, where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            document = {"word/document.xml": "a Word document", "ppt/presentation.xml": "a presentation"}
            for entry in entries:
                if entry.filename in document:
                    what = f"is {document[entry.filename]}"
                    raise UnreadableInputError(what, where=where, todo="save it as PDF and pass that")
                _refuse_special(entry, where)
                collected.announce(entry.filename, entry.file_size)
                _check_size(entry.file_size, entry.compress_size, limits, where)
            _check_size(collected.size, len(data), limits, where)
            for entry in entries:
                name = _safe_name(entry.filename, where)
                if entry.filename.endswith("/") or not collected.may_want(name, entry.file_size):
                    continue
                with archive.open(entry) as file:
                    # never more than was announced, whatever the stream holds
                    collected.add(name, file.read(entry.file_size))
    except (zipfile.BadZipFile, *_FAULTS) as error:
        raise UnreadableInputError(f"is a damaged archive ({error})", where=where, todo="fetch it again") from None
    return collected.result()


def is_wanted(name: str, size: int) -> bool:
    """Whether a file may matter to a reader, judged by its name and size (bytes)."""
    suffix = posixpath.splitext(name)[1].lower()
    if suffix in _TEXT_SUFFIXES or suffix == ".pdf":
        return True
    return suffix not in _BINARY_SUFFIXES and size <= _SMALL_TEXT


def looks_like_text(data: bytes) -> bool:
    """Whether the beginning of `data` is text in ASCII, UTF-8, UTF-16 with a mark, or an 8-bit encoding."""
    head = data[:8192]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    # controls other than tab, newline, form feed, return and escape; old TeX files end in a ^Z
    odd = len(re.findall(rb"[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f]", head))
    return b"\x00" not in head and odd * 100 <= len(head)


class _Collected:
    """What was announced and kept of an archive so far."""

    def __init__(self, limits: Limits, where: str) -> None:
        self._limits, self._where = limits, where
        self._files: dict[str, bytes] = {}
        self._count = 0
        self._has_tex = False
        self.size = 0

    def announce(self, name: str, size: int) -> str:
        """Count a member before a byte of it is unpacked; its safe name."""
        self._count += 1
        self.size += size
        if self._count > self._limits.files:
            raise _too_many(self._limits, self._where)
        if self.size > self._limits.unpacked or size < 0:
            raise _too_large(self._limits, self._where)
        return _safe_name(name, self._where)

    def may_want(self, name: str, size: int) -> bool:
        """Whether a member is worth unpacking; figures in PDF are not, once there is TeX."""
        base = posixpath.basename(name)
        hidden = base.startswith("._") or name.startswith("__MACOSX/") or name == "."
        return not hidden and is_wanted(name, size) and not (self._has_tex and name.lower().endswith(".pdf"))

    def add(self, name: str, data: bytes) -> None:
        """Keep a member, unless it is neither text nor a PDF."""
        if looks_like_text(data) or data[:1024].find(b"%PDF-") >= 0:
            self._files[name] = data
            self._has_tex = self._has_tex or posixpath.splitext(name)[1].lower() in TEX_SUFFIXES

    def result(self) -> dict[str, bytes]:
        """The kept files in the order of their names."""
        keep = (n for n in sorted(self._files) if not (self._has_tex and n.lower().endswith(".pdf")))
        return {name: self._files[name] for name in keep}


def _safe_name(name: str, where: str) -> str:
    plain = name.replace("\\", "/")
    outside = plain.startswith("/") or re.match(r"[A-Za-z]:", plain) or ".." in plain.split("/")
    if outside or "\x00" in plain or len(plain) > 1000:
        raise UnreadableInputError(
            f"holds a file that lies outside it ({name[:80]!r})", where=where, todo=_UNPACK_ADVICE
        )
    # names of unknown encoding come with lone surrogates, which no JSON takes
    return posixpath.normpath(plain).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _refuse_special(entry: zipfile.ZipInfo, where: str) -> None:
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise UnreadableInputError(f"holds a link ({entry.filename[:80]!r})", where=where, todo=_UNPACK_ADVICE)
    if entry.flag_bits & 0x1:
        raise UnreadableInputError("is encrypted", where=where, todo=_UNPACK_ADVICE)
    # other methods may ask for gigabytes before the first byte comes out
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableInputError("is packed by an unusual method", where=where, todo=_UNPACK_ADVICE)


def _check_size(unpacked: int, packed: int, limits: Limits, where: str) -> None:
    if unpacked > limits.unpacked:
        raise _too_large(limits, where)
    if unpacked > _RATIO_FROM and unpacked > limits.ratio * max(packed, 1):
        what = f"unpacks to more than {limits.ratio:.0f} times its size, as an archive bomb does"
        raise UnreadableInputError(what, where=where, todo=_UNPACK_ADVICE)


def _too_large(limits: Limits, where: str) -> UnreadableInputError:
    what = f"unpacks to more than {limits.unpacked // 10**6} MB"
    return UnreadableInputError(what, where=where, todo=f"{_UNPACK_ADVICE}, or raise CLAIMCHECK_MAX_UNPACKED_MB")


def _too_many(limits: Limits, where: str) -> UnreadableInputError:
    what = f"holds more than {limits.files} files"
    return UnreadableInputError(what, where=where, todo=f"{_UNPACK_ADVICE}, or raise CLAIMCHECK_MAX_FILES")
