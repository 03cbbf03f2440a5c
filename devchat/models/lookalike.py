"""What a file that is no GGUF looks like instead, so that the message can say what went wrong."""

from __future__ import annotations

_STARTS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the weights", "run `git lfs pull`"),
    (b"PK\x03\x04", "a zip archive or a PyTorch checkpoint", ""),
    (b"\x80\x02", "a pickled PyTorch checkpoint", ""),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first"),
    (b"\xfd7zXZ", "an xz archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"\x89HDF", "an HDF5 file", ""),
    (b"%PDF", "a PDF document", ""),
    (b"lmgg", "an old GGML file", ""),
    (b"fmgg", "an old GGML file", ""),
    (b"tjgg", "an old GGML file", ""),
)
_AGAIN = "download it again"
_CONVERT = "devchat reads GGUF files: look for a GGUF build of this model"


def looks_like(start: bytes) -> tuple[str, str]:
    """Say what a file is that starts so, and what to do about it."""
    for magic, kind, advice in _STARTS:
        if start.startswith(magic):
            return kind, advice or _CONVERT
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 30:
        return "a safetensors file", _CONVERT
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] == b"<":
        return "a web page", f"the download went wrong: {_AGAIN}, from the file's own address"
    if text[:1] in (b"{", b"["):
        return "a JSON text", f"the download may have been refused: {_AGAIN}"
    if not start.strip(b"\0"):
        return "an unfinished download: it starts with zero bytes", _AGAIN
    return "something else", _CONVERT
