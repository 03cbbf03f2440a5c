"""Settings of this process and this user: one value, made once, passed down, never changed.

Flags > `DEVCHAT_*` environment > the user's file > defaults. Knows nothing of repositories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from devchat.types import Tier

Switch = Literal["auto", "on", "off"]
KvType = Literal["f16", "q8_0"]
"""How keys and values are kept: 16 bits, or about 8 in blocks of 32."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenAI-compatible service. `key` names the key it wants ("" = none is needed)."""

    name: str
    base_url: str
    key: str = ""
    context_tokens: int = 32_768
    tier: Tier = "large"
    images: bool = False


@dataclass(frozen=True, slots=True)
class Local:
    """How models run on this machine.

    `gpu_layers` -1 = as many as fit; `threads` 0 = physical cores; `context_tokens` 0 = sized to
    the request; `keep_alive` seconds an idle engine stays (0 = leaves with its client);
    `stall_seconds` without a step of progress after which an engine counts as hung;
    `batch_tokens` of a prompt evaluated at once (0 = chosen); `cache_bytes` of evaluated prompts
    on disk (0 = none).
    """

    gpu_layers: int = -1
    threads: int = 0
    context_tokens: int = 0
    keep_alive: float = 300.0
    stall_seconds: float = 120.0
    batch_tokens: int = 0
    flash_attention: Switch = "auto"
    kv_type: KvType = "f16"
    mmap: Switch = "auto"
    lookup: bool = True
    cache_bytes: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Remote:
    """How services are called: seconds to wait for a first byte or between two, and retries."""

    timeout: float = 60.0
    retries: int = 2


@dataclass(frozen=True, slots=True)
class Paths:
    """Where devchat keeps things; the folders need not exist."""

    config_file: Path
    keys_file: Path
    prompts: Path
    models: Path
    runtime: Path
    history: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that flags, environment and the user's file decide."""

    paths: Paths
    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    history: bool = True
    local: Local = Local()
    remote: Remote = Remote()
    aliases: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)
