"""Real reviews against a GitHub with state, under kill -9: none lost, no comment doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.events import ReviewPulls, to_job
from devchat.settings import Paths
from tests.bot.crew import Crew
from tests.bot.killing import kill_workers, shares
from tests.bot.reviewer import Bot, review, write_script
from tests.fakes.github import GitHub, Pull

INSTALLATIONS = 30
CONFLICT = "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"
# What is left needs no process of its own.
POLICY = "[analyzers]\nsecrets = false\n"


def open_pulls(hub: GitHub, crew: Crew, count: int) -> list[Pull]:
    """Open pulls with two faults each, in many installations, and hand their deliveries in."""
    repositories = [
        hub.repository(f"owner{number}/app", {".devchat.toml": POLICY}, installation=number + 1)
        for number in range(min(INSTALLATIONS, count))
    ]
    pulls = []
    for number in range(count):
        files = {f"a{number}.txt": CONFLICT, f"b{number}.txt": CONFLICT}
        pulls.append(hub.open_pull(repositories[number % INSTALLATIONS], files))
    for number, pull in enumerate(pulls):
        intent = ReviewPulls(
            trigger="opened",
            installation=pull.repository.installation.id,
            repository=pull.repository.name,
            numbers=(pull.number,),
            head=pull.head,
        )
        crew.jobs.enqueue(to_job(intent, f"guid{number}"))
    return pulls


def review_under_kills(
    crew: Crew, hub: GitHub, paths: Paths, home: Path, count: int, kills: int
) -> None:
    """Review pulls by workers that are killed; see what stands on each."""
    pulls = open_pulls(hub, crew, count)
    repositories = list(hub.state.repositories.values())
    script = write_script(home / "model.json")
    bot = Bot(crew.url, hub.app_id, hub.private_key, hub.url, paths, script)

    def begun() -> int:
        return sum(len(one.checks) for one in repositories)

    kill_workers(crew, lambda: crew.fork(review, bot), begun, shares(count, kills))
    crew.until(lambda: begun() == count)
    crew.idle()
    checks = [one for repository in repositories for one in repository.checks]
    assert {one.status for one in checks} == {"completed"}
    assert {len(one.annotations) for one in checks} == {2}
    assert len({one.head for one in checks}) == count
    assert [[len(one.comments) for one in pull.reviews] for pull in pulls] == [[2]] * count
    assert [len(pull.comments) for pull in pulls] == [0] * count


@pytest.mark.no_cover
@pytest.mark.long
def test_300_reviews_under_10_kills(crew: Crew, hub: GitHub, paths: Paths, home: Path) -> None:
    review_under_kills(crew, hub, paths, home, 300, 10)


@pytest.mark.soak
def test_1500_reviews_under_25_kills(crew: Crew, hub: GitHub, paths: Paths, home: Path) -> None:
    review_under_kills(crew, hub, paths, home, 1500, 25)
