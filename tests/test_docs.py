"""The pages about the program say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import DOCS, commands_page, review_json_page, settings_page
from tests.manpage import manual_page
from tests.test_house import FLOORS

ROOT = DOCS.parent
PAGES = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]


def test_the_commands_page_is_what_help_says() -> None:
    assert (DOCS / "commands.md").read_text() == commands_page(), "run `make docs`"


def test_the_manual_page_is_made_from_the_commands() -> None:
    page = (DOCS / "devchat.1").read_text()
    assert page == manual_page(), "run `make docs`"
    sections = [line for line in page.split("\n") if line.startswith(".SS")]
    assert sections[0] == ".SS \\fBdevchat ask\\fR [\\fIOPTIONS\\fR] [\\fIQUESTION\\fR...]"


def test_the_settings_page_names_every_key() -> None:
    assert (DOCS / "settings.md").read_text() == settings_page(), "run `make docs`"


def test_the_review_page_describes_every_field_of_the_schema() -> None:
    assert (DOCS / "review-json.md").read_text() == review_json_page(), "run `make docs`"


def anchors(page: Path) -> set[str]:
    """Return what can follow `#` in a link to a page, by GitHub's rule for headings."""
    headings = re.findall(r"^#+ +(.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def leads_somewhere(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    place = page.parent / name if name else page
    return place.exists() and (not anchor or anchor in anchors(place))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    assert [t for t in targets if "://" not in t and not leads_somewhere(page, t)] == []


def test_the_architecture_page_names_places_that_are_there() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    named = set(re.findall(r"`((?:bot|devchat|tests)/[\w./]*)`", page))
    assert len(named) > 8
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_the_architecture_page_draws_every_room_on_its_floor() -> None:
    rows = re.findall(r"^\| (\d+) \| `([\w.]+)` \|", (ROOT / "ARCHITECTURE.md").read_text(), re.M)
    drawn = {room: int(floor) for floor, room in rows}
    built = {
        f"{house}.{path.stem}".removeprefix("devchat.")
        for house in ("devchat", "bot")
        for path in (ROOT / house).iterdir()
        if not path.name.startswith("_") and path.name != "py.typed"
    }
    floors = {name.removeprefix("devchat."): floor for name, floor in FLOORS.items()}
    assert drawn == {room: floors[room] for room in built}


def test_what_the_bot_survives_is_shown_by_tests_that_exist() -> None:
    named = re.findall(r"`(test_\w+)`", (DOCS / "reliability.md").read_text())
    texts = [path.read_text() for path in (ROOT / "tests" / "bot").rglob("test_*.py")]
    there = {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.M)}
    assert len(named) > 40 and set(named) - there == set()
