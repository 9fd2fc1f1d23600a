"""Slack's side of an installation: codes that are exchanged for tokens, and tokens that are refreshed, each once."""

from __future__ import annotations

import itertools
from typing import Any

from tests.standins.slack_state import Refusal, Team

CLIENT_ID, CLIENT_SECRET = "123.456", "stand-in-client-secret"
LIFE = 43_200


class OAuth:
    """``codes``: what members were given by Slack's page, for which workspace; ``refresh``: refresh tokens alike."""

    def __init__(self) -> None:
        self.codes: dict[str, Team] = {}
        self.refresh: dict[str, Team] = {}
        self.refreshed = 0
        self._numbers = itertools.count(1)

    def code(self, team: Team) -> str:
        """A code as a member brings it back."""
        code = f"code-{next(self._numbers)}"
        self.codes[code] = team
        return code

    def access(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """``oauth.v2.access``. Raises Refusal."""
        if (arguments.get("client_id"), arguments.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Refusal("bad_client_secret")
        if arguments.get("grant_type") == "refresh_token":
            team = self.refresh.pop(str(arguments.get("refresh_token")), None)
            if team is None:
                raise Refusal("invalid_refresh_token")
            self.refreshed += 1
        else:
            team = self.codes.pop(str(arguments.get("code")), None)
            if team is None:
                raise Refusal("invalid_code")
        number = next(self._numbers)
        team.token = f"xoxe.xoxb-{team.id}-{number}"
        team.trouble = ""
        refresh = f"xoxe-refresh-{number}"
        self.refresh[refresh] = team
        return {
            "app_id": team.app_id,
            "authed_user": {"id": "U0ANN"},
            "team": {"id": team.id, "name": team.name},
            "enterprise": {"id": team.enterprise, "name": "Org"} if team.enterprise else None,
            "is_enterprise_install": False,
            "scope": ",".join(sorted(team.scopes)),
            "token_type": "bot",
            "access_token": team.token,
            "bot_user_id": team.bot_user,
            "refresh_token": refresh,
            "expires_in": LIFE,
        }
