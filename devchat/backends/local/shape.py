"""How a model is run: each choice, with its reason. Pure.

What the user set is obeyed; the rest follows from the machine and from what is on its GPU.
"""

from __future__ import annotations

from dataclasses import dataclass

from devchat.errors import SettingsError
from devchat.settings import KvType, Local, Switch

BATCH, UBATCH = 512, 256
"""Prompt tokens handed over at once, and evaluated at once on the processor.

Half of llama.cpp's own second number: as quick (512 tokens took one thread 3.1 processor seconds,
3.3 with 512 at once), and half the memory beside a window.
"""
GPU_BATCH = 512
"""Prompt tokens evaluated at once where layers are on a GPU."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user set of it; 0 and `auto` leave the choice to us."""

    threads: int = 0
    batch_tokens: int = 0
    flash_attention: Switch = "auto"
    kv_type: KvType = "f16"
    mmap: Switch = "auto"


@dataclass(frozen=True, slots=True)
class Threads:
    """How many threads evaluate: of an answer's tokens, and of a prompt's."""

    answer: int
    prompt: int


@dataclass(frozen=True, slots=True)
class Shape:
    """How a llama.cpp context is made.

    `flash` is `auto` where llama.cpp asks the GPU; `batch` tokens go into one call at most and
    `ubatch` are evaluated at once; `threads` work on an answer, `threads_batch` on a prompt.
    """

    flash: Switch
    kv_type: KvType
    batch: int
    ubatch: int
    threads: int
    threads_batch: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice as `devchat doctor` shows it."""

    name: str
    value: str
    reason: str


def wishes_of(local: Local) -> Wishes:
    """Take the wishes out of the settings. Raises `SettingsError` where two contradict."""
    if local.kv_type == "q8_0" and local.flash_attention == "off":
        raise SettingsError(
            "`local.kv_type` is `q8_0`, which needs the flash attention that"
            " `local.flash_attention` turns off",
            "`devchat config unset local.flash_attention`, or `local.kv_type`",
        )
    return Wishes(
        local.threads, local.batch_tokens, local.flash_attention, local.kv_type, local.mmap
    )


def shape_of(wishes: Wishes, gpu_layers: int, threads: Threads) -> Shape:
    """Choose how to run a model with so many layers on a GPU (-1: all)."""
    flash, _ = _flash(wishes, bool(gpu_layers))
    batch, ubatch, _ = _batch(wishes, bool(gpu_layers))
    answer, prompt = wishes.threads or threads.answer, wishes.threads or threads.prompt
    return Shape(flash, wishes.kv_type, batch, ubatch, answer, prompt)


def choices(wishes: Wishes, on_gpu: bool, threads: Threads, measured: bool) -> list[Choice]:
    """Tell each choice and its reason."""
    flash, why = _flash(wishes, on_gpu)
    batch, ubatch, reason = _batch(wishes, on_gpu)
    count = wishes.threads
    used = f"{count or threads.answer} for answers, {count or threads.prompt} for prompts"
    found = "the quickest when measured" if measured else "one for each physical core"
    mapped = "llama.cpp's choice" if wishes.mmap == "auto" else _set("mmap")
    kept = "exact" if wishes.kv_type == "f16" else _set("kv_type")
    return [
        Choice("threads", used, _set("threads") if count else found),
        Choice("batch", f"{ubatch} of {batch} tokens", reason),
        Choice("flash attention", flash, why),
        Choice("KV type", wishes.kv_type, kept),
        Choice("mmap", wishes.mmap, mapped),
    ]


def _flash(wishes: Wishes, on_gpu: bool) -> tuple[Switch, str]:
    if wishes.flash_attention != "auto":
        return wishes.flash_attention, _set("flash_attention")
    if wishes.kv_type == "q8_0":
        return "on", "q8_0 needs it; on a processor answers may differ from run to run"
    if on_gpu:
        return "auto", "on where the GPU has it"
    # On a processor, flash attention gives other numbers with other threads or batches: the same
    # question would be answered differently. `make bench SUITES=single` has both.
    return "off", "on a processor, answers would not be repeatable with it"


def _batch(wishes: Wishes, on_gpu: bool) -> tuple[int, int, str]:
    if size := wishes.batch_tokens:
        return max(size, 32), max(size, 32), _set("batch_tokens")
    if on_gpu:
        return GPU_BATCH, GPU_BATCH, "a GPU is filled by it"
    return BATCH, UBATCH, "on a processor as quick as more, in less memory"


def _set(name: str) -> str:
    return f"set by local.{name}"
