"""What the fake remembers, in the words of GitHub's REST answers."""

from __future__ import annotations

from tests.fakes.github.models import LINK, Json, now
from tests.fakes.github.state import (
    CheckRun,
    Comment,
    Installation,
    Pull,
    Repository,
    Review,
    State,
)


def user(login: str) -> Json:
    """Describe an account; bots end in "[bot]"."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {"login": login, "id": sum(login.encode()), "type": kind, "site_admin": False}


def app(state: State) -> Json:
    """Describe the App."""
    return {
        "id": state.app_id,
        "slug": state.slug,
        "name": state.slug,
        "owner": user("octo"),
        "permissions": state.permissions,
        "events": state.events,
        "installations_count": len(state.installations),
    }


def installation(state: State, one: Installation) -> Json:
    """Describe an installation."""
    return {
        "id": one.id,
        "account": user(one.account),
        "app_id": state.app_id,
        "app_slug": state.slug,
        "target_id": user(one.account)["id"],
        "target_type": "Organization",
        "permissions": one.permissions,
        "events": ["pull_request"],
        "repository_selection": "selected",
        "suspended_at": now() if one.suspended else None,
    }


def repository(one: Repository, name: str = "") -> Json:
    """Describe a repository, or a fork of it by its name."""
    name = name or one.name
    owner, _, short = name.partition("/")
    return {
        "id": one.id if name == one.name else one.id + 1_000_000,
        "name": short,
        "full_name": name,
        "owner": user(owner),
        "private": True,
        "fork": name != one.name,
        "default_branch": one.default_branch,
        "clone_url": f"{LINK}{name}.git",
    }


def label(name: str) -> Json:
    """Describe a label."""
    return {"name": name, "id": sum(name.encode()), "color": "ededed", "archived_by": None}


def pull(one: Pull) -> Json:
    """Describe a pull."""
    fork = one.head_repository
    base = {
        "label": one.base_ref,
        "ref": one.base_ref,
        "sha": one.base,
        "repo": repository(one.repository),
        "user": user(one.repository.name.partition("/")[0]),
    }
    head = {
        "label": one.head_ref,
        "ref": one.head_ref,
        "sha": one.head,
        "repo": repository(one.repository, fork) if fork else None,
        "user": user(one.author),
    }
    link = {"href": LINK}
    links = ("comments", "commits", "statuses", "html", "issue", "review_comments")
    return {
        "id": one.repository.id * 10_000 + one.number,
        "number": one.number,
        "title": one.title,
        "body": one.body or None,
        "user": user(one.author),
        "state": one.state,
        "draft": one.draft,
        "base": base,
        "head": head,
        "labels": [label(name) for name in one.labels],
        "author_association": "CONTRIBUTOR",
        "_links": {name: link for name in (*links, "review_comment", "self")},
    }


def comment(one: Comment) -> Json:
    """Describe a comment of a conversation."""
    return {"id": one.id, "body": one.body, "user": user(one.user)}


def review(one: Review) -> Json:
    """Describe a review."""
    return {
        "id": one.id,
        "body": one.body,
        "user": user(one.user),
        "state": "COMMENTED",
        "commit_id": one.commit,
        "author_association": "NONE",
    }


def check_run(state: State, one: CheckRun) -> Json:
    """Describe a check run."""
    output = {
        "title": one.title,
        "summary": one.summary,
        "text": None,
        "annotations_count": len(one.annotations),
    }
    return {
        "id": one.id,
        "name": one.name,
        "head_sha": one.head,
        "external_id": one.external_id,
        "status": one.status,
        "conclusion": one.conclusion,
        "output": output,
        "app": app(state),
        "check_suite": {"id": one.id + 500_000},
        "pull_requests": [],
    }
