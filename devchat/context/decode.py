"""Bytes -> a text or a picture, or the reason why they are neither. Pure."""

from __future__ import annotations

import codecs

from devchat.context import Attachment
from devchat.context.names import EMPTY, MEGABYTE, STDIN, Unusable, shown, size
from devchat.types import Image

_LARGEST_PICTURE = 20 * MEGABYTE
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_UNPACK = "unpack it and attach what is inside"
_CONVERT = "save it as PNG, JPEG, GIF or WebP"
_NO_TEXT = "attach text or a PNG, JPEG, GIF or WebP picture"
# Only looked at where a file is no UTF-8 text: `MZ` and `BM` may well begin one.
_KINDS = (
    (b"%PDF-", "a PDF", "`pdftotext {file} -` prints its text: pipe that"),
    (b"PK\x03\x04", "a ZIP archive or office document", _UNPACK),
    (b"\x1f\x8b", "gzip", "`zcat {file}` prints what is inside: pipe that"),
    (b"BZh", "bzip2", "`bzcat {file}` prints what is inside: pipe that"),
    (b"\xfd7zXZ\0", "xz", "`xzcat {file}` prints what is inside: pipe that"),
    (b"\x28\xb5\x2f\xfd", "zstd", "`zstdcat {file}` prints what is inside: pipe that"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"\x7fELF", "an ELF program or library", _NO_TEXT),
    (b"MZ", "a Windows program", _NO_TEXT),
    (b"\xcf\xfa\xed\xfe", "a macOS program", _NO_TEXT),
    (b"\xca\xfe\xba\xbe", "Java or macOS machine code", _NO_TEXT),
    (b"\0asm", "WebAssembly", _NO_TEXT),
    (b"SQLite format 3\0", "an SQLite database", "`sqlite3 {file} .dump` prints it: pipe that"),
    (b"GGUF", "a GGUF model", "`-m {file}` asks that model"),
    (b"BM", "a BMP picture", _CONVERT),
    (b"II*\0", "a TIFF picture", _CONVERT),
    (b"MM\0*", "a TIFF picture", _CONVERT),
    (b"\0\0\1\0", "an icon", _CONVERT),
    (b"ID3", "MP3 sound", _NO_TEXT),
    (b"OggS", "Ogg sound or video", _NO_TEXT),
    (b"RIFF", "sound or video", _NO_TEXT),
    (b"fLaC", "FLAC sound", _NO_TEXT),
    (b"\x80\x04\x95", "a Python pickle", _NO_TEXT),
)


def read_bytes(name: str, data: bytes) -> Attachment | Image:
    """Read the whole content of one input. Raises `Unusable` (an `InputError`)."""
    media_type = picture(data)
    if media_type is None:
        return Attachment(shown(name), decode(name, data))
    if len(data) > _LARGEST_PICTURE:
        raise Unusable(
            name,
            f"is a picture of {size(len(data))}; {size(_LARGEST_PICTURE)} is the limit",
            "make it smaller: models scale pictures down anyway",
        )
    return Image(shown(name), media_type, data)


def picture(data: bytes) -> str | None:
    """Return the media type of a picture that models may see, by its first bytes."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _PICTURES if data.startswith(magic)), None)


def decode(name: str, data: bytes) -> str:
    """Read text: UTF-8, or UTF-16 and UTF-32 that say so by a byte order mark.

    Raises `Unusable` for an empty input, a binary one and one in another encoding.
    """
    if not data:
        raise Unusable(name, EMPTY, "there is nothing to send: name another, or none")
    encoding = byte_order_mark(data)
    try:
        text = data.decode(encoding or "utf-8-sig")
    except UnicodeDecodeError as error:
        refuse_binary(name, data, marked=encoding is not None)
        raise _wrong_encoding(name, data, error) from None
    if "\0" in text or data.startswith(b"%PDF-"):
        refuse_binary(name, data, marked=False)
    return text


def byte_order_mark(data: bytes) -> str | None:
    """Return the encoding of two- and four-byte text by its mark; `None` without one."""
    # The mark of UTF-32 begins with that of UTF-16: it has to be looked for first.
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def refuse_binary(name: str, data: bytes, *, marked: bool = False) -> None:
    """Raise `Unusable` where the bytes are no text in any encoding, saying what they look like."""
    if picture(data):
        raise Unusable(name, "is a picture and has no lines", "attach it whole")
    found = next((kind for kind in _KINDS if data.startswith(kind[0])), None)
    if found:
        raise _binary(name, found[1], found[2])
    if data[257:262] == b"ustar":
        raise _binary(name, "a tar archive", _UNPACK)
    if b"\0" in data and not marked:
        raise _zero_bytes(name, data)


def _binary(name: str, kind: str, hint: str) -> Unusable:
    return Unusable(name, f"is binary: it looks like {kind}", hint.format(file=_typed(name)))


def _zero_bytes(name: str, data: bytes) -> Unusable:
    sample = data[:4096]
    for encoding, zeros in (("utf-16le", sample[1::2]), ("utf-16be", sample[::2])):
        if zeros.count(0) > 0.9 * len(zeros) and sample.count(0) < 0.6 * len(sample):
            return _converted(name, "looks like UTF-16 without a byte order mark", encoding)
    return Unusable(name, "is binary: it has zero bytes", _NO_TEXT)


def _wrong_encoding(name: str, data: bytes, error: UnicodeDecodeError) -> Unusable:
    line = data.count(b"\n", 0, error.start) + 1
    if error.encoding != "utf-8":
        return Unusable(name, f"is damaged {error.encoding.upper()} text", "save it as UTF-8")
    reason = f"is not UTF-8: byte 0x{data[error.start]:02x} in line {line:,}"
    from devchat.context.charset import guess

    encoding = guess(data)
    if encoding is None:
        return Unusable(name, reason, "save it as UTF-8, or pipe it through `iconv -t utf-8`")
    if encoding == "utf-8":
        return _converted(name, f"is damaged UTF-8: byte 0x{data[error.start]:02x} in line {line}")
    return _converted(name, reason, encoding)


def _converted(name: str, reason: str, encoding: str = "") -> Unusable:
    """Say which `iconv` command makes UTF-8 of it; without an encoding, drop what is damaged."""
    command = f"iconv -f {encoding} -t utf-8" if encoding else "iconv -c -f utf-8 -t utf-8"
    start = f"it looks like {encoding}" if encoding else "without the damage"
    file = "" if name == STDIN else f" {_typed(name)}"
    return Unusable(name, reason, f"{start}: pipe it through `{command}{file}`")


def _typed(name: str) -> str:
    """Write a name as it has to be typed in a shell."""
    from shlex import quote

    return "FILE" if name == STDIN else quote(shown(name))
