"""A GitHub, or a proxy before it, that lies: no token goes elsewhere, and every lie is an error."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.errors import ForgeError
from bot.forge import PullRef
from bot.github import open_app
from bot.github.pulls import GitHubPulls
from tests.fakes.github import GitHub

REF = PullRef("octo/app", 1)
SHA = "a" * 40


class Elsewhere(BaseHTTPRequestHandler):
    """Notes who comes."""

    visitors: list[str]

    def do_GET(self) -> None:
        self.visitors.append(self.path)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[tuple[int, list[str]]]:
    visitors: list[str] = []
    handler = type("Handler", (Elsewhere,), {"visitors": visitors})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1], visitors
        server.shutdown()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    with GitHub(tmp_path_factory.mktemp("api")) as hub:
        hub.open_pull(hub.repository("octo/app", {"a.txt": "a\n"}), {"a.txt": "b\n"})
        yield hub


@pytest.fixture
def pulls(hub: GitHub) -> Iterator[GitHubPulls]:
    app = open_app(hub.app_id, hub.private_key, hub.url)
    yield app.pulls(11, "octo/app")
    app.close()
    hub.faults.clear()


ASKED: list[tuple[str, Callable[[GitHubPulls], object]]] = [
    ("GET .*/pulls/1$", lambda pulls: pulls.pull(REF)),
    ("GET .*/pulls/1$", lambda pulls: pulls.diff(REF)),
    ("GET .*/files", lambda pulls: list(pulls.files(REF))),
    ("GET .*/contents/", lambda pulls: pulls.content("octo/app", "a.txt", SHA)),
    ("POST .*/access_tokens", lambda pulls: pulls.pull(REF)),
]


@pytest.mark.parametrize(("match", "ask"), ASKED)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nobody_is_followed_to_another_place(
    hub: GitHub,
    pulls: GitHubPulls,
    elsewhere: tuple[int, list[str]],
    match: str,
    ask: Callable[[GitHubPulls], object],
    status: int,
    host: str,
) -> None:
    address = f"http://{host}:{elsewhere[0]}/taken"
    hub.fail(match, "refuse", status=status, headers={"location": address})
    try:
        found = ask(pulls)
    except ForgeError as error:
        assert "ghs_" not in error.message
    else:
        assert found is None
    assert elsewhere[1] == []


def test_a_next_page_elsewhere_is_asked_for_here(
    hub: GitHub, pulls: GitHubPulls, elsewhere: tuple[int, list[str]]
) -> None:
    link = f'<http://127.0.0.1:{elsewhere[0]}/files?page=2>; rel="next"'
    hub.fail(".*/files", "refuse", status=200, headers={"link": link}, message="x")
    with pytest.raises(ForgeError, match="a form that is not known"):
        list(pulls.files(REF))
    assert elsewhere[1] == []


@pytest.mark.parametrize("value", ["x", "nan", "inf", "-1", "9" * 400, "\xb2"])
@pytest.mark.parametrize(
    "name", ["x-ratelimit-remaining", "x-ratelimit-reset", "retry-after", "date"]
)
@pytest.mark.parametrize("status", [200, 403])
def test_a_header_that_is_no_number_is_an_error_of_ours(
    hub: GitHub, pulls: GitHubPulls, status: int, name: str, value: str
) -> None:
    lies = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", name: value}
    hub.fail("GET .*/pulls/1$", "refuse", status=status, message="x", headers=lies)
    with pytest.raises(ForgeError):
        pulls.pull(REF)


LIES: list[tuple[str, Any]] = [
    ("head", {"sha": "--upload-pack=touch /tmp/pwned"}),
    ("head", {"sha": "../../../etc"}),
    ("head", {"sha": None}),
    ("head", {"sha": SHA.upper()}),
    ("base", {"sha": f"{SHA}\n", "repo": {"default_branch": "main"}}),
    ("base", {"sha": SHA, "repo": None}),
    ("labels", None),
    ("labels", ["devchat:skip"]),
    ("number", "\u0663\u0663x"),
]


class Liar(Elsewhere):
    """Answers everything with one lie, and gives out tokens."""

    answer: Any

    def do_GET(self) -> None:
        token = {"token": "ghs_x", "expires_at": "2999-01-01T00:00:00Z"}
        self._say(token if "access_tokens" in self.path else self.answer)

    do_POST = do_GET

    def _say(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("link", f'<http://x{self.path}>; rel="next"')
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def lying(hub: GitHub) -> Iterator[Callable[[Any], GitHubPulls]]:
    """Open pulls at a liar who says what it is given."""
    handler = type("Handler", (Liar,), {"answer": None, "visitors": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        app = open_app(7, hub.private_key, f"http://127.0.0.1:{server.server_address[1]}")

        def say(answer: Any) -> GitHubPulls:
            setattr(handler, "answer", answer)  # noqa: B010 - it is made for this test
            return app.pulls(11, "octo/app")

        yield say
        app.close()
        server.shutdown()


@pytest.mark.parametrize(("field", "lie"), LIES)
def test_what_is_no_pull_is_never_taken_for_one(
    lying: Callable[[Any], GitHubPulls], field: str, lie: object
) -> None:
    true = {
        "number": 1,
        "title": "A change",
        "body": None,
        "state": "open",
        "draft": False,
        "base": {"sha": SHA, "repo": {"default_branch": "main"}},
        "head": {"sha": SHA},
        "labels": [],
    }
    assert lying(true).pull(REF).head == SHA
    with pytest.raises(ForgeError, match="a form that is not known"):
        lying(true | {field: lie}).pull(REF)


def test_pages_without_an_end_are_left(lying: Callable[[Any], GitHubPulls]) -> None:
    row = {"filename": "a", "status": "modified", "patch": "@@ -1 +1 @@\n-a\n+b"}
    assert len(list(lying([row]).files(REF))) == 30


@pytest.mark.parametrize("sha", ["-x", "a..b", "", None, 7, SHA[:39]])
def test_no_other_word_is_handed_to_git_as_a_merge_base(
    lying: Callable[[Any], GitHubPulls], sha: object
) -> None:
    with pytest.raises(ForgeError, match="a form that is not known"):
        lying({"merge_base_commit": {"sha": sha}}).merge_base("octo/app", SHA, SHA)
