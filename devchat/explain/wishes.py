"""How an explanation is wanted: for whom, and in which language."""

from __future__ import annotations

from collections.abc import Mapping

AUDIENCES: Mapping[str, str] = {
    "beginner": "Write for a beginner in programming: plain words, each technical term explained"
    " where it first appears, and a small example where one helps.",
    "expert": "Write for an expert: briefly, with exact terms, and only what is not obvious.",
}
LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French",
    "hi": "Hindi", "it": "Italian", "ja": "Japanese (日本語)", "ko": "Korean (한국어)",
    "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "uk": "Ukrainian", "vi": "Vietnamese",
    "zh": "Chinese (请用简体中文回答)", "zh-tw": "traditional Chinese (請用繁體中文回答)",
}  # fmt: skip


def wishes(audience: str | None, language: str | None) -> str:
    """Write the wishes as sentences for the model; "" for none."""
    sentences = []
    if audience:
        usual = f"Write for this reader: {' '.join(audience.split())}."
        sentences.append(AUDIENCES.get(audience.lower(), usual))
    if language:
        named = LANGUAGES.get(language.lower().replace("_", "-"), " ".join(language.split()))
        sentences.append(f"Answer in {named}.")
    return " ".join(sentences)
