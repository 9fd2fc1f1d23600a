"""The values that the Slack adapter is given."""

from __future__ import annotations

from dataclasses import dataclass, field

API_URL = "https://slack.com/api/"


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """For an app that many workspaces install. ``public_url``: https, without a path; ``secret_keys``: Fernet keys,
    the first one seals, all of them open."""

    client_id: str
    public_url: str
    client_secret: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """``bot_token`` serves its own workspace, ``oauth`` the installed ones. Slack's requests come through the socket of
    ``app_token``, or over HTTP signed with ``signing_secret``. ``api_url`` ends with a slash."""

    api_url: str = API_URL
    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    oauth: OAuthSettings | None = None
