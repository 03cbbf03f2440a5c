"""Who may ask for what: App tokens, installation tokens, permissions and limits."""

from __future__ import annotations

import secrets
import time
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import jwt

from tests.fakes.github.models import Json, accept, answer, written_time
from tests.fakes.github.refusal import Refusal, not_found
from tests.fakes.github.state import Installation, State, Token

LEVELS = {"read": 1, "write": 2, "admin": 3}
TOKEN_SECONDS = 3600.0
CONTENTS_A_MINUTE = 80


@dataclass(slots=True)
class Access:
    """Checks what a request shows. `ahead` is by how many seconds this GitHub's clock is off.

    `contents_a_minute` is the secondary limit; where it is reached `retry_after` is said, or
    nothing (None). `too_many` is the status of the primary limit: 403 or 429.
    """

    state: State
    public_key: str
    ahead: float = 0.0
    contents_a_minute: int = CONTENTS_A_MINUTE
    retry_after: int | None = None
    too_many: int = 403
    app: Installation = field(default_factory=lambda: Installation(0, "app", {}))

    def now(self) -> float:
        """Return the time on this GitHub's clock."""
        return time.time() + self.ahead

    def check_app(self, headers: Mapping[str, str]) -> None:
        """Check the App's own token: RS256, not expired, ten minutes at most."""
        try:
            claims = jwt.decode(
                _bearer(headers),
                self.public_key,
                algorithms=["RS256"],
                issuer=str(self.state.app_id),
                options={
                    "require": ["exp", "iat", "iss"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError:
            raise Refusal(401, "A JSON web token could not be decoded") from None
        now = self.now()
        if claims["iat"] > now:
            raise Refusal(401, "'Issued at' claim ('iat') must be an Integer representing the time")
        if not now < claims["exp"] <= now + 600:
            raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")

    def check_token(self, headers: Mapping[str, str]) -> Token:
        """Return the installation token that a request shows."""
        shown = headers.get("authorization", "")
        if shown.lower().startswith("basic "):  # as git logs in
            shown = b64decode(shown[6:]).decode().partition("x-access-token:")[2]
        else:
            shown = _bearer(headers)
        token = self.state.tokens.get(shown)
        if token is None or token.ends <= self.now():
            raise Refusal(401, "Bad credentials")
        if token.installation.suspended:
            raise Refusal(403, "This installation has been suspended")
        return token

    def mint(self, installation: Installation, body: Json) -> Json:
        """Make a token, narrowed as asked."""
        name = "AppInstallationsInstallationIdAccessTokensPostBody"
        asked = accept((name,), body or {})
        if installation.suspended:
            raise Refusal(403, "This installation has been suspended")
        ours = [one for one in self.state.repositories.values() if one.installation is installation]
        ids = {one.id for one in ours}
        names = {one.name.partition("/")[2].lower(): one.id for one in ours}
        wanted = set(asked.get("repository_ids") or [])
        wanted |= {names.get(one.lower(), -1) for one in asked.get("repositories") or []}
        if not wanted <= ids:
            raise Refusal(
                422,
                "There is at least one repository that does not exist or is not accessible to the "
                "parent installation.",
            )
        permissions = asked.get("permissions") or installation.permissions
        if any(not allows(installation.permissions, *one) for one in permissions.items()):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
        token = Token(
            f"ghs_{self.state.app_id}_{_random_jwt()}",
            installation,
            frozenset(wanted or ids),
            {"metadata": "read"} | permissions,
            self.now() + TOKEN_SECONDS,
        )
        self.state.tokens[token.text] = token
        return {
            "token": token.text,
            "expires_at": written_time(datetime.fromtimestamp(token.ends, UTC)),
            "permissions": token.permissions,
            "repository_selection": "selected" if wanted else "all",
        }

    def spend(self, installation: Installation) -> dict[str, str]:
        """Count a request against the primary limit; return its headers."""
        now = self.now()
        if installation.resets_at <= now:
            installation.left, installation.resets_at = installation.limit, now + 3600
        spent = installation.left <= 0
        installation.left = max(installation.left - 1, 0)
        headers = {
            "x-ratelimit-limit": str(installation.limit),
            "x-ratelimit-remaining": str(installation.left),
            "x-ratelimit-used": str(installation.limit - installation.left),
            "x-ratelimit-reset": str(int(installation.resets_at)),
            "x-ratelimit-resource": "core",
        }
        if spent:
            message = f"API rate limit exceeded for installation ID {installation.id}."
            raise Refusal(self.too_many, message, headers=headers)
        return headers

    def make_content(self, installation: Installation) -> None:
        """Count a request that makes content against the secondary limit."""
        now = self.now()
        made = [one for one in installation.contents_made if one > now - 60]
        installation.contents_made = made
        if len(made) >= self.contents_a_minute:
            said = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
            raise Refusal(
                403,
                "You have exceeded a secondary rate limit and have been temporarily blocked from "
                "content creation. Please retry your request again later.",
                headers=said,
            )
        made.append(now)

    def limits(self, installation: Installation) -> Json:
        """Show what is left, as `GET /rate_limit` does."""
        core = {
            "limit": installation.limit,
            "remaining": installation.left,
            "reset": int(installation.resets_at),
            "used": installation.limit - installation.left,
        }
        whole: Json = answer("RateLimitOverview", {"resources": {"core": core, "search": core}})
        return whole | {"rate": core}


def allows(permissions: Mapping[str, str], name: str, level: str) -> bool:
    """Tell whether permissions hold one at a level."""
    return LEVELS[level] <= LEVELS.get(permissions.get(name, ""), 0)


def check_permission(token: Token, needed: str) -> None:
    """Check a need like "checks:write", or "issues:write|pull_requests:write"."""
    ways = (way.split(":") for way in needed.split("|"))
    if not any(allows(token.permissions, name, level) for name, level in ways):
        raise Refusal(
            403,
            "Resource not accessible by integration",
            headers={"x-accepted-github-permissions": needed.replace(":", "=")},
        )


def check_repository(token: Token, repository: int) -> None:
    """Check that a token opens a repository; else it is as if it were not there."""
    if repository not in token.repositories:
        raise not_found()


def _bearer(headers: Mapping[str, str]) -> str:
    kind, _, text = headers.get("authorization", "").partition(" ")
    if kind.lower() not in ("bearer", "token"):
        raise Refusal(401, "Requires authentication")
    return text


def _random_jwt() -> str:
    return jwt.encode({"jti": secrets.token_hex(120)}, secrets.token_bytes(32), "HS256")
