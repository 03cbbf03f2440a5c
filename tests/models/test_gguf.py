"""What GGUF files say of themselves, and what is said of files that are broken or foreign."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from devchat.errors import ModelError
from devchat.models.gguf import Header, check_file, find_parts, read_header, tier_of
from devchat.models.metadata import _BLOCKS
from devchat.types import Tier
from tests.models.files import (
    ARRAY,
    BOOL,
    I32,
    STRING,
    U32,
    U64,
    Entry,
    Tensor,
    entry,
    gguf,
    strings,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_the_embedded_model_describes_itself(embedded_path: Path) -> None:
    expected = Header(
        version=3,
        architecture="llama",
        name="Smollm2 135M 8k Lc100K Mix1 Ep2",
        context_tokens=8192,
        block_count=30,
        size_label="135M",
        quantization="Q4_1",
        file_bytes=98_362_432,
    )
    assert read_header(embedded_path) == expected
    whole = check_file(embedded_path)
    assert (whole.parameters, whole.chat_template) == (134_515_008, True)
    assert tier_of(whole) == tier_of(expected) == "tiny"


def test_a_whole_file_passes(path: Path) -> None:
    path.write_bytes(gguf())
    header = check_file(path)
    assert (header.parameters, header.chat_template) == (8, True)
    assert (header.quantization, header.block_count) == ("Q4_K_M", 2)


def test_a_file_without_weights_or_template_passes(path: Path) -> None:
    path.write_bytes(gguf({"tokenizer.chat_template": None}, tensors=(), data=b""))
    header = check_file(path)
    assert (header.parameters, header.chat_template) == (0, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown.key": (U64, 3), "other": (ARRAY, struct.pack("<IQ", U32, 2) + bytes(8))},
        {"general.name": (STRING, b"\x03\0\0\0\0\0\0\0\xff\xfe!")},
        {"flag": (BOOL, True), "general.alignment": (U32, 64)},
        {"general.languages": strings("en", "zh")},
    ],
)
def test_what_is_unknown_does_no_harm(path: Path, changes: dict[str, Entry]) -> None:
    path.write_bytes(gguf(changes, data=bytes(128)))
    assert check_file(path).context_tokens == 4096


def test_the_window_may_come_after_the_vocabulary(path: Path) -> None:
    late = {"llama.context_length": None, "a.vocabulary": strings(*["word"] * 20_000)}
    path.write_bytes(gguf({**late, "tokenizer.x": (U32, 1), "z": None}))
    with pytest.raises(ModelError, match="how long its window"):
        read_header(path)
    body = gguf({"llama.context_length": None, "tokenizer.y": strings(*["word"] * 20_000)})
    count = struct.unpack_from("<Q", body, 16)[0]
    path.write_bytes(
        body[:16]
        + struct.pack("<Q", count + 1)
        + body[24 : body.index(b"t0") - 8]
        + entry("llama.context_length", U32, 2048)
    )
    assert read_header(path).context_tokens == 2048


def test_the_vocabulary_is_not_read_for_a_question(path: Path) -> None:
    body = gguf({"tokenizer.ggml.tokens": None})
    broken = body.replace(b"tokenizer.chat_template", b"tokenizer.chat_template"[:-1] + b"\xff")
    path.write_bytes(broken[: broken.index(b"tokenizer") + 30])
    assert read_header(path).context_tokens == 4096
    with pytest.raises(ModelError, match="corrupt"):
        check_file(path)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.pkl", b"x")
    return file.getvalue()


SAFETENSORS = struct.pack("<Q", 60) + b'{"w":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]}}'
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 98362432\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"GG", "not a GGUF file"),
        (b"GGUF", "corrupt"),
        (b"GGUF\x03\0\0\0", "corrupt"),
        (SAFETENSORS, "a safetensors file"),
        (zipped(), "a zip archive"),
        (b"\x80\x02}q", "pickled PyTorch"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"<!DOCTYPE html><title>404", "a web page"),
        (b"\xef\xbb\xbf\n<html>", "a web page"),
        (b'{"error": "gated"}', "a JSON text"),
        (LFS, "a Git LFS pointer"),
        (b"lmgg\x01\0\0\0", "an old GGML file"),
        (bytes(4096), "zero bytes"),
        (b"\x7fELF and so on", "something else"),
        (gguf(version=1), "version 1"),
        (gguf(version=9), "unknown version 9"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(90), "big-endian"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_foreign_files_are_named(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    for read in (read_header, check_file):
        with pytest.raises(ModelError, match=said) as caught:
            read(path)
        assert "\n" not in caught.value.message
        assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (gguf()[:-40], "truncated"),
        (gguf(data=b""), "truncated"),
        (gguf(tensors=(Tensor((4,), offset=1 << 40),)), "truncated"),
        (gguf(tensors=(Tensor(()),)), "0 dimensions"),
        (gguf(tensors=(Tensor((1,) * 9),)), "9 dimensions"),
        (gguf({"x": (77, b"")}), "unknown type 77"),
        (gguf({"x": (ARRAY, struct.pack("<IQ", 9, 1))}), "unknown type 9"),
        (gguf({"x": (ARRAY, struct.pack("<IQ", STRING, 1 << 60))}), "strings"),
        (gguf({"x": (ARRAY, struct.pack("<IQ", U64, 1 << 62))}), "more than the file has"),
        (gguf({"x": (STRING, struct.pack("<Q", 1 << 63))}), "more than the file has"),
        (gguf({"k" * 2000: (U32, 1)}), "a name of 2,000 bytes"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1 << 40) + bytes(64), "entries"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 40, 1) + bytes(64), "tensors"),
        (gguf({"general.architecture": None}), "does not say what model"),
        (gguf({"llama.context_length": (U32, 0)}), "does not say what model"),
        (gguf({"llama.context_length": (U64, 1 << 40)}), "does not say what model"),
        (gguf({"llama.context_length": (STRING, "x")}), "does not say what model"),
        (gguf({"llama.block_count": (I32, struct.pack("<i", -1))}), "it has -1 layers"),
        (gguf({"general.architecture": (STRING, "clip")}), "a picture projector"),
        (gguf({"general.type": (STRING, "adapter")}), "a LoRA adapter"),
        (gguf({"split.count": (U32, 3)}), "one of 3 parts"),
    ],
)
def test_broken_files_are_explained(path: Path, body: bytes, said: str) -> None:
    path.write_bytes(body)
    with pytest.raises(ModelError, match=said) as caught:
        check_file(path)
    assert "\n" not in caught.value.message


def of(architecture: str, **told: int) -> bytes:
    keys: dict[str, Entry] = {f"{architecture}.{key}": (U32, told[key]) for key in told}
    return gguf({**keys, "general.architecture": (STRING, architecture)})


@pytest.mark.parametrize(
    ("body", "embeds"),
    [
        (of("bert", context_length=512), True),
        (of("nomic-bert", context_length=2048), True),
        (of("jina-bert-v2", context_length=8192), True),
        (of("qwen3", context_length=32768, pooling_type=3), True),
        (of("qwen3", context_length=32768, pooling_type=0), False),
        (of("qwen3", context_length=32768), False),
    ],
)
def test_what_embeds_says_so(path: Path, body: bytes, embeds: bool) -> None:
    path.write_bytes(body)
    assert read_header(path).embeds == check_file(path).embeds == embeds


def test_places_that_hold_no_file(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe.gguf"
    os.mkfifo(fifo)
    for place, said in (
        (tmp_path, "is a folder"),
        (fifo, "not a regular file"),
        (tmp_path / "none.gguf", "there is no file"),
        (tmp_path / ("n" * 300), "can't be read"),
        (tmp_path / "a\0b", "no file's name"),
    ):
        with pytest.raises(ModelError, match=said):
            read_header(place)


def test_an_unreadable_file(home: Path) -> None:
    home.chmod(0o755)
    path = home / "secret.gguf"
    path.write_bytes(gguf())
    path.chmod(0)
    uid = os.geteuid()
    if uid == 0:  # the superuser may read everything, so be somebody else for a moment
        os.seteuid(65534)
    try:
        with pytest.raises(ModelError, match="can't be read: Permission denied"):
            read_header(path)
    finally:
        os.seteuid(uid)


def test_all_parts_of_a_split_model_count(tmp_path: Path) -> None:
    first = tmp_path / "big-00001-of-00002.gguf"
    second = tmp_path / "big-00002-of-00002.gguf"
    with pytest.raises(ModelError, match="there is no file"):
        read_header(first)
    first.write_bytes(gguf({"split.count": (U32, 2)}))
    with pytest.raises(ModelError, match="part 1 of 2, and 1 of the others") as caught:
        read_header(first)
    assert second.name in caught.value.hint
    second.write_bytes(gguf())
    assert find_parts(first) == [first, second]
    header = check_file(first)
    assert header.parameters == 16
    assert header.file_bytes == sum(part.stat().st_size for part in (first, second))
    with pytest.raises(ModelError, match="is part 2 of 2"):
        read_header(second)
    second.write_bytes(gguf()[:-1])
    with pytest.raises(ModelError, match="00002-of-00002.gguf` is truncated"):
        check_file(first)


@pytest.mark.parametrize(
    ("label", "parameters", "size", "tier"),
    [
        ("135M", None, 0, "tiny"),
        ("999M", None, 0, "tiny"),
        ("1B", None, 0, "small"),
        ("1.5B", None, 0, "small"),
        ("19.9b", None, 0, "small"),
        ("20B", None, 0, "large"),
        ("8x7B", None, 0, "large"),
        ("30B-A3B", None, 0, "large"),
        ("1T", None, 0, "large"),
        ("", 7 * 10**9, 0, "small"),
        ("?", None, 100_000_000, "tiny"),
        ("9" * 5000 + "B", None, 100_000_000, "tiny"),
        ("", None, 5 * 10**9, "small"),
        ("", None, 40 * 10**9, "large"),
    ],
)
def test_tiers(label: str, parameters: int | None, size: int, tier: Tier) -> None:
    header = Header(3, "llama", "", 4096, 1, label, "", size, parameters)
    assert tier_of(header) == tier


@pytest.mark.engine
def test_ggml_agrees_on_the_sizes_of_its_types() -> None:
    import ctypes

    from llama_cpp import _ggml

    library = _ggml.libggml
    library.ggml_type_size.restype = ctypes.c_size_t
    library.ggml_blck_size.restype = ctypes.c_int64
    theirs = {
        kind: (library.ggml_blck_size(kind), library.ggml_type_size(kind)) for kind in _BLOCKS
    }
    assert theirs == dict(_BLOCKS)


def read_safely(path: Path) -> None:
    """Read a hostile file; the only exception that may come is ours, and soon."""
    for read in (read_header, check_file):
        try:
            header = read(path)
        except ModelError as error:
            assert "\n" not in error.message
        else:
            assert tier_of(header) in ("tiny", "small", "large")


@pytest.mark.no_cover
@budget(
    max_examples=300, deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_mutated_files_raise_nothing_else(path: Path, data: st.DataObject) -> None:
    body = bytearray(gguf({"general.alignment": (U32, 32)}))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(4, len(body) - 9))
        value = data.draw(
            st.one_of(st.binary(max_size=8), st.sampled_from([b"\xff" * 8, bytes(8)]))
        )
        body[place : place + len(value)] = value
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(body))))
    path.write_bytes(bytes(body[:cut]))
    read_safely(path)


def test_a_mutated_real_header_stays_cheap(path: Path, embedded_path: Path) -> None:
    with embedded_path.open("rb") as file:
        start = file.read(1 << 21)
    dice = random.Random(7)
    for _ in range(40):
        body = bytearray(start)
        for _ in range(dice.randint(1, 12)):
            body[dice.randint(4, 1400)] = dice.randint(0, 255)
        path.write_bytes(body)
        os.truncate(path, 98_362_432)  # sparse: the size is right and costs nothing
        read_safely(path)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (struct.pack("<IQ", STRING, 1_999_999), "is corrupt"),
        (struct.pack("<IQ", STRING, 2_000_001), "an array of 2,000,001 strings"),
        (struct.pack("<IQ", U64, 1 << 28), "metadata is longer than"),
    ],
)
def test_how_much_of_a_huge_file_is_read_has_a_limit(path: Path, array: bytes, said: str) -> None:
    path.write_bytes(gguf({"tokenizer.ggml.tokens": (ARRAY, array)}, data=b""))
    os.truncate(path, 1 << 33)  # sparse: zeros to the end
    with pytest.raises(ModelError, match=said):
        check_file(path)
