"""The pages about the program say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import DOCS, commands_page, settings_page

ROOT = DOCS.parent
PAGES = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]


def test_the_commands_page_is_what_help_says() -> None:
    assert (DOCS / "commands.md").read_text() == commands_page(), "run `make docs`"


def test_the_settings_page_names_every_key() -> None:
    assert (DOCS / "settings.md").read_text() == settings_page(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text())
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


def test_the_architecture_page_draws_every_room() -> None:
    drawn = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {path.stem for path in (ROOT / "devchat").iterdir() if not path.name.startswith("_")}
    rooms -= {"py"}
    assert [room for room in rooms if not re.search(rf"\b{re.escape(room)}\b", drawn)] == []
