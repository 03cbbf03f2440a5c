"""The fake GitHub keeps GitHub's rules: each that bites is asked here as nobody of ours asks."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import jwt
import pytest
import requests

from tests.fakes.github import Comment, GitHub, Pull

REPOSITORY = "/repos/octo/app"


@pytest.fixture
def pull(hub: GitHub) -> Pull:
    """A pull in octo/app."""
    return hub.open_pull(hub.repository("octo/app", {"a.py": "1\n"}), {"a.py": "2\n"})


class Client:
    """Asks the fake directly, as the App or with a token."""

    def __init__(self, hub: GitHub) -> None:
        self.hub = hub

    def app(self, method: str, path: str, body: object = None, **claims: int) -> requests.Response:
        now = int(self.hub.access.now())
        whole = {"iss": str(self.hub.app_id), "iat": now - 5, "exp": now + 60, **claims}
        return self.ask(method, path, jwt.encode(whole, self.hub.private_key, "RS256"), body)

    def token(self, **wish: Any) -> str:
        made = self.app("POST", "/app/installations/11/access_tokens", wish)
        assert made.status_code == 201, made.text
        return str(made.json()["token"])

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, self.hub.url + path, headers=headers, json=body, timeout=20)


@pytest.fixture
def client(hub: GitHub, pull: Pull) -> Client:
    return Client(hub)


def test_what_it_does_not_know_is_not_found(client: Client) -> None:
    token = client.token()
    for method, path in [
        ("GET", "/user"),
        ("DELETE", f"{REPOSITORY}/pulls/1"),
        ("GET", f"{REPOSITORY}/pulls/2"),
        ("GET", f"{REPOSITORY}/check-runs/1"),
        ("GET", f"{REPOSITORY}/contents/nope"),
        ("GET", "/repos/octo/nope/pulls/1"),
    ]:
        answer = client.ask(method, path, token)
        assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/pulls/1/reviews", {"body": "x", "event": "comment"}, "event"),
        ("POST", "/pulls/1/reviews", {"body": "x", "evnet": "COMMENT"}, "evnet"),
        ("POST", "/pulls/1/reviews", {"event": "COMMENT"}, "Body is required"),
        (
            "POST",
            "/pulls/1/reviews",
            {"body": "x", "event": "COMMENT", "comments": [{"path": "a", "body": "b", "lien": 1}]},
            "lien",
        ),
        ("POST", "/issues/1/comments", {"body": " "}, "blank"),
        ("POST", "/issues/1/comments", {"body": None}, "body"),
        ("POST", "/issues/1/comments", [], "A JSON object is needed"),
        ("POST", "/check-runs", {"name": "x"}, "head_sha"),
        (
            "POST",
            "/check-runs",
            {"name": "x", "head_sha": "main", "status": "completed"},
            "conclusion",
        ),
        (
            "POST",
            "/check-runs",
            {
                "name": "x",
                "head_sha": "main",
                "output": {
                    "title": "t",
                    "summary": "s",
                    "annotations": [
                        {
                            "path": "a",
                            "start_line": 1,
                            "end_line": 1,
                            "annotation_level": "notice",
                            "message": "m",
                        }
                    ]
                    * 51,
                },
            },
            "50",
        ),
    ],
)
def test_a_request_that_the_description_does_not_allow_is_refused(
    client: Client, pull: Pull, method: str, path: str, body: object, said: str
) -> None:
    answer = client.ask(method, REPOSITORY + path, client.token(), body)
    assert answer.status_code == 422
    assert said in answer.text
    assert (pull.reviews, pull.comments, pull.repository.checks) == ([], [], [])


def test_json_that_is_none(client: Client) -> None:
    answer = requests.post(f"{client.hub.url}{REPOSITORY}/issues/1/comments", data=b"{", timeout=20)
    assert answer.status_code == 400


def test_a_page_holds_thirty_or_a_hundred_at_most(client: Client, pull: Pull) -> None:
    pull.comments += [Comment(number, "mona", "x") for number in range(250)]
    token, path = client.token(), f"{REPOSITORY}/issues/1/comments"
    sizes = {query: client.ask("GET", path + query, token) for query in ("", "?per_page=500")}
    assert [len(one.json()) for one in sizes.values()] == [30, 100]
    following = sizes["?per_page=500"].links["next"]["url"].removeprefix(client.hub.url)
    last = client.ask("GET", following.replace("page=2", "page=3"), token)
    assert (len(last.json()), last.links) == (50, {})


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"exp": -5}, 401),
        ({"exp": 700}, 401),
        ({"iat": 90}, 401),
    ],
)
def test_the_apps_own_token_lasts_ten_minutes(
    client: Client, claims: dict[str, int], status: int
) -> None:
    now = int(client.hub.access.now())
    shifted = {name: now + value for name, value in claims.items()}
    assert client.app("GET", "/app", **shifted).status_code == status


def test_who_shows_nothing_or_rubbish_gets_nothing(client: Client) -> None:
    assert client.ask("GET", "/app").status_code == 401
    assert client.ask("GET", "/app", "rubbish").status_code == 401
    assert client.ask("GET", "/app", client.token()).status_code == 401
    assert client.ask("GET", f"{REPOSITORY}/pulls/1").status_code == 401
    assert client.ask("GET", f"{REPOSITORY}/pulls/1", "rubbish").status_code == 401


def test_a_token_opens_only_what_was_asked_for(client: Client) -> None:
    other = client.hub.repository("octo/other", {"a": "1"})
    narrow = client.token(repository_ids=[other.id], permissions={"contents": "read"})
    assert client.ask("GET", "/repos/octo/other/contents/a", narrow).status_code == 200
    assert client.ask("GET", f"{REPOSITORY}/contents/a.py", narrow).status_code == 404
    refused = client.ask("GET", "/repos/octo/other/pulls", narrow)
    assert (refused.status_code, refused.headers["x-accepted-github-permissions"]) == (
        403,
        "pull_requests=read",
    )
    for wish in ({"repository_ids": [1]}, {"permissions": {"administration": "read"}}):
        made = client.app("POST", "/app/installations/11/access_tokens", wish)
        assert made.status_code == 422


def test_a_token_ends_after_an_hour(client: Client) -> None:
    token = client.token()
    client.hub.access.ahead = 3_590
    assert client.ask("GET", f"{REPOSITORY}/pulls/1", token).status_code == 200
    client.hub.access.ahead = 3_610
    assert client.ask("GET", f"{REPOSITORY}/pulls/1", token).status_code == 401


def test_the_primary_limit_counts_down_and_is_told_for_nothing(client: Client, pull: Pull) -> None:
    token = client.token()
    pull.repository.installation.limit = 2
    answers = [client.ask("GET", f"{REPOSITORY}/pulls/1", token) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 403]
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["1", "0", "0"]
    told = client.ask("GET", "/rate_limit", token)
    assert (told.status_code, told.json()["rate"]["remaining"]) == (200, 0)
    client.hub.access.ahead = 3_000
    pull.repository.installation.resets_at -= 3_000
    assert client.ask("GET", f"{REPOSITORY}/pulls/1", token).status_code == 200


def test_eighty_pieces_of_content_a_minute(client: Client) -> None:
    token, path = client.token(), f"{REPOSITORY}/issues/1/comments"
    statuses = [client.ask("POST", path, token, {"body": "x"}).status_code for _ in range(81)]
    assert statuses == [201] * 80 + [403]
    client.hub.access.ahead = 61
    assert client.ask("POST", path, token, {"body": "x"}).status_code == 201


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "full_name"),
        ("/pulls", "number"),
        ("/pulls/1", "diff_url"),
        ("/contents/a.py", "content"),
        ("/git/blobs/d00491fd7e5bb6fa28c517a0bb32b8b506539d4d", "content"),
        ("/commits/main/check-runs", "check_runs"),
    ],
)
def test_what_can_be_read(client: Client, path: str, name: str) -> None:
    answer = client.ask("GET", REPOSITORY + path, client.token())
    assert answer.status_code == 200
    assert name in json.dumps(answer.json())


def test_what_the_app_can_read(client: Client) -> None:
    installations = client.app("GET", "/app/installations").json()
    assert [one["id"] for one in installations] == [11]
    assert client.app("GET", "/app/installations/11").json()["app_slug"] == "devchat"
    assert client.app("GET", "/app/installations/12").status_code == 404
    mine = client.ask("GET", "/installation/repositories", client.token()).json()
    assert [one["full_name"] for one in mine["repositories"]] == ["octo/app"]


def test_a_delivery_can_be_looked_at(client: Client, pull: Pull) -> None:
    client.hub.hook = "http://127.0.0.1:9/nobody"
    told = client.hub.tell(pull, "reopened")
    assert told is not None
    answer = client.app("GET", f"/app/hook/deliveries/{told.id}").json()
    assert (answer["guid"], answer["status_code"]) == (told.guid, 502)
    assert client.app("GET", "/app/hook/deliveries/1").status_code == 404


def test_git_needs_a_token_that_reads_contents(client: Client) -> None:
    address = f"{client.hub.url}/octo/app.git/info/refs?service=git-upload-pack"
    statuses = []
    for token in (client.token(), client.token(permissions={"checks": "read"}), "rubbish"):
        login = b64encode(f"x-access-token:{token}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        statuses.append(requests.get(address, headers=headers, timeout=20).status_code)
    statuses.append(requests.get(address, timeout=20).status_code)
    assert statuses == [200, 403, 401, 401]
