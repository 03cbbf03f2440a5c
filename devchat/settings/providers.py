"""The services that are ready to name; a user's `[providers.NAME]` overrides or adds to them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from devchat.settings import Provider

# Windows are the smallest one may count on: Ollama cuts silently at 4,096 unless told otherwise.
BUILT_IN: Mapping[str, Provider] = MappingProxyType(
    {
        provider.name: provider
        for provider in (
            Provider("openai", "https://api.openai.com/v1", "openai", 128_000, images=True),
            Provider("ollama", "http://localhost:11434/v1", "", 4_096, "small"),
            Provider("llama-server", "http://localhost:8080/v1", "", 8_192, "small"),
            Provider("vllm", "http://localhost:8000/v1", "", 32_768, "small"),
            Provider("openrouter", "https://openrouter.ai/api/v1", "openrouter", 128_000),
            Provider("deepseek", "https://api.deepseek.com/v1", "deepseek", 64_000),
        )
    }
)
