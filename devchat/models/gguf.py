"""What a GGUF file says about itself, read without llama.cpp (which some broken files kill).

`read_header` stops before the vocabulary, for every question asks it; `check_file` goes on to the
tensor table and finds what is missing.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devchat.errors import ModelError
from devchat.models.metadata import (
    CorruptError,
    Cursor,
    MoreError,
    Tensors,
    Value,
    read_entries,
    read_tensors,
    read_version,
)
from devchat.types import Tier

FIRST_BYTES = 1 << 16
MAX_BYTES = 1 << 27
"""The most metadata that is read; a vocabulary of 250,000 tokens takes about 16 MB."""
MAX_CONTEXT = 1 << 31
DEFAULT_ALIGNMENT = 32
PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
LIST = "`devchat models list` shows what there is"
_AGAIN = "download it again"
_CHECK = "check who may read it: `ls -l`"

# llama.cpp's `llama_ftype`, https://github.com/ggml-org/llama.cpp/blob/master/include/llama.h
_QUANTIZATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M",
    30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip
# What is stored as GGUF and can't chat.
_OTHER_KINDS = {
    "clip": "a picture projector",
    "adapter": "a LoRA adapter",
    "imatrix": "an importance matrix",
    "whisper": "a speech model",
}
_SIZE = re.compile(r"(?:(\d{1,4})x)?(\d{1,6}(?:\.\d{1,6})?)([KMBT])", re.IGNORECASE)
_UNITS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says of its model; sizes in bytes, the window in tokens.

    `parameters` is None where only the tensor table would tell, and `chat_template` where it was
    not looked for. `file_bytes` counts all parts of a split model. What `embeds` can't chat.
    """

    version: int
    architecture: str
    name: str
    context_tokens: int
    block_count: int
    size_label: str
    quantization: str
    file_bytes: int
    parameters: int | None = None
    chat_template: bool | None = None
    embeds: bool = False


def read_header(path: Path) -> Header:
    """Read what comes before the vocabulary, in well under a millisecond.

    Raises `ModelError` where the file can't be read, is no GGUF, or is no language model.
    """
    parts = find_parts(path)
    version, entries, _ = _read(path, whole=False)
    return _describe(path, version, entries, sum(map(_size, parts)))


def check_file(path: Path) -> Header:
    """Read all metadata and compare what the tensor tables promise with the files' sizes.

    Raises `ModelError` as `read_header` does, and where a part is missing or cut short.
    """
    parts = find_parts(path)
    version, entries, tensors = _read(path, whole=True)
    _refuse_missing(path, entries)
    tables = [tensors, *(_read(part, whole=True)[2] for part in parts if part != path)]
    size = sum(map(_size, parts))
    parameters = sum(table.parameters for table in tables if table)
    return _describe(path, version, entries, size, parameters)


def find_parts(path: Path) -> list[Path]:
    """Return all files of a model, by the names that `llama-gguf-split` gives them."""
    found = PART.search(path.name)
    if not found:
        return [path]
    _size(path)  # where it is not there itself, its parts are no matter
    number, count = int(found[1]), int(found[2])
    names = [f"{path.name[: found.start()]}-{n:05}-of-{count:05}.gguf" for n in range(1, count + 1)]
    if number != 1:
        raise ModelError(f"`{path}` is part {number} of {count}", f"name the first: `{names[0]}`")
    missing = [name for name in names[1:] if not path.with_name(name).is_file()]
    if missing:
        raise ModelError(
            f"`{path}` is part 1 of {count}, and {len(missing)} of the others are missing",
            f"put `{missing[0]}` beside it",
        )
    return [path.with_name(name) for name in names]


def tier_of(header: Header) -> Tier:
    """Judge what a model may be trusted with by its weights: 1e9 is small, 20e9 large."""
    weights = _labelled(header.size_label) or header.parameters or header.file_bytes / 0.6
    return "tiny" if weights < 1e9 else "small" if weights < 20e9 else "large"


def _labelled(label: str) -> float:
    # "135M", "8x7B", "30B-A3B": the last names the active weights second.
    found = _SIZE.match(label)
    if not found:
        return 0.0
    return int(found[1] or 1) * float(found[2]) * _UNITS[found[3].upper()]


def _read(path: Path, *, whole: bool) -> tuple[int, dict[str, Value], Tensors | None]:
    try:
        for data, size in _growing(path, FIRST_BYTES * (64 if whole else 1)):
            try:
                return _parse(path, Cursor(data, size), whole=whole)
            except MoreError:
                continue
    except CorruptError as error:
        raise ModelError(f"`{path}` is corrupt: {error}", _AGAIN) from None
    except OSError as error:
        raise ModelError(f"`{path}` can't be read: {error.strerror}", _CHECK) from None
    raise ModelError(
        f"`{path}` is corrupt: its metadata is longer than {MAX_BYTES:,} bytes", _AGAIN
    )


def _growing(path: Path, count: int) -> Iterator[tuple[bytes, int]]:
    """Yield ever more of a file's start, with the file's size."""
    size = _size(path)
    with path.open("rb") as file:
        data = b""
        while len(data) < min(size, MAX_BYTES):
            more = file.read(count)
            if not more:
                raise CorruptError("it shrank while it was read")
            data += more
            yield data, size
            count = 3 * len(data)


def _size(path: Path) -> int:
    """Return a GGUF file's size. Raises `ModelError` where there is no file to open."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(f"there is no file `{path}`", LIST) from None
    except OSError as error:
        raise ModelError(f"`{path}` can't be read: {error.strerror}", _CHECK) from None
    except ValueError as error:
        raise ModelError(f"`{path}` is no file's name: {error}", LIST) from None
    if stat.S_ISDIR(status.st_mode):
        raise ModelError(f"`{path}` is a folder, not a GGUF file", "name a file in it")
    if not stat.S_ISREG(status.st_mode):  # opening a named pipe would wait for ever
        raise ModelError(f"`{path}` is not a regular file", "save the model to a file first")
    if status.st_size == 0:
        raise ModelError(f"`{path}` is empty", _AGAIN)
    return status.st_size


def _parse(
    path: Path, cursor: Cursor, *, whole: bool
) -> tuple[int, dict[str, Value], Tensors | None]:
    if not cursor.data.startswith(b"GGUF"):
        from devchat.models.lookalike import looks_like

        kind, advice = looks_like(cursor.data[:1024])
        raise ModelError(f"`{path}` is not a GGUF file but {kind}", advice)
    version = read_version(cursor)
    _refuse_version(path, version)
    count, entries = read_entries(cursor, lambda key, seen: not whole and _suffices(key, seen))
    if not whole:
        return version, entries, None
    tensors = read_tensors(cursor, count, _whole(entries, "general.alignment") or DEFAULT_ALIGNMENT)
    if tensors.file_bytes > cursor.size:
        raise ModelError(
            f"`{path}` is truncated: {cursor.size:,} of {tensors.file_bytes:,} bytes are here",
            f"the download was cut short: {_AGAIN}",
        )
    return version, entries, tensors


def _suffices(key: str, entries: Mapping[str, Value]) -> bool:
    """Stop at the vocabulary, unless the window is still unknown."""
    if not key.startswith("tokenizer."):
        return False
    return f"{entries.get('general.architecture')}.context_length" in entries


def _refuse_version(path: Path, version: int) -> None:
    if version in (2, 3):
        return
    if version & 0xFFFF == 0:
        raise ModelError(f"`{path}` is a GGUF for big-endian machines", "get the usual build of it")
    if version == 1:
        raise ModelError(f"`{path}` is a GGUF of version 1", "get a newer build of this model")
    raise ModelError(f"`{path}` is a GGUF of the unknown version {version}", _AGAIN)


def _refuse_missing(path: Path, entries: Mapping[str, Value]) -> None:
    count = _whole(entries, "split.count")
    if count > 1 and not PART.search(path.name):
        raise ModelError(
            f"`{path}` is one of {count} parts, and its name does not say which",
            f"give the parts their names back: `NAME-00001-of-{count:05}.gguf`",
        )


def _describe(
    path: Path,
    version: int,
    entries: Mapping[str, Value],
    size: int,
    parameters: int | None = None,
) -> Header:
    architecture = _text(entries, "general.architecture")
    kind = _OTHER_KINDS.get(_text(entries, "general.type")) or _OTHER_KINDS.get(architecture)
    if kind:
        raise ModelError(f"`{path}` is {kind}, not a chat model")
    context = _whole(entries, f"{architecture}.context_length")
    if not architecture or not 0 < context < MAX_CONTEXT:
        raise ModelError(f"`{path}` does not say what model it is or how long its window", _AGAIN)
    layers = _whole(entries, f"{architecture}.block_count")
    if layers < 0:
        raise ModelError(f"`{path}` is corrupt: it says that it has {layers} layers", _AGAIN)
    whole = parameters is not None
    return Header(
        version=version,
        architecture=architecture,
        name=_text(entries, "general.name"),
        context_tokens=context,
        block_count=layers,
        size_label=_text(entries, "general.size_label"),
        quantization=_QUANTIZATIONS.get(_whole(entries, "general.file_type", -1), ""),
        file_bytes=size,
        parameters=parameters if whole else _whole(entries, "general.parameter_count") or None,
        chat_template="tokenizer.chat_template" in entries if whole else None,
        embeds=_embeds(architecture, entries),
    )


def _embeds(architecture: str, entries: Mapping[str, Value]) -> bool:
    # 0 is no pooling: https://github.com/ggml-org/llama.cpp/blob/master/include/llama.h
    pooled = _whole(entries, f"{architecture}.pooling_type") > 0
    return pooled or architecture == "bert" or architecture.endswith(("-bert", "-bert-v2"))


def _text(entries: Mapping[str, Value], key: str) -> str:
    value = entries.get(key)
    return value if isinstance(value, str) else ""


def _whole(entries: Mapping[str, Value], key: str, default: int = 0) -> int:
    value = entries.get(key)
    return value if isinstance(value, int) else default
