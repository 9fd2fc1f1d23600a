"""The settings of Slack, and what they need of each other.

Two ways lead in: the socket (``SLACK_APP_TOKEN``), or requests over HTTP (``SLACK_SIGNING_SECRET`` with
``PAPERROUTE_WEB``). Two ways give tokens: one workspace's own (``SLACK_BOT_TOKEN``), or many workspaces' that install
the app (``SLACK_CLIENT_ID`` and ``SLACK_CLIENT_SECRET`` with the settings of the web and the key that seals tokens).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.setting_reader import Secret, SettingReader
from bot.setting_values import base_url, token, token_beginning
from bot.wording import listed

API_URL = "https://slack.com/api/"

_BOT_TOKEN = "the Bot User OAuth Token of your app"  # noqa: S105  words for people, no token
_APP_TOKEN = "an App-Level Token of your app"  # noqa: S105  likewise


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """The settings of Slack, checked. None: not set."""

    api_url: str = API_URL
    bot_token: Secret | None = None
    app_token: Secret | None = None
    signing_secret: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not appear in any output."""
        found = (self.bot_token, self.app_token, self.signing_secret, self.client_secret)
        return tuple(secret.value for secret in found if secret is not None)


def read(reader: SettingReader, *, set_up: Iterable[str]) -> SlackConfig | None:
    """The settings of Slack, None when none of its tokens is set; what is missing is noted as a mistake.

    ``set_up``: which of PAPERROUTE_PUBLIC_URL, PAPERROUTE_WEB and PAPERROUTE_SECRET_KEY are set.
    """
    config = SlackConfig(
        api_url=reader.value("SLACK_API_URL", base_url, API_URL, f"an http or https address, for example {API_URL}"),
        bot_token=reader.secret("SLACK_BOT_TOKEN", token_beginning("xoxb-", _BOT_TOKEN)),
        app_token=reader.secret("SLACK_APP_TOKEN", token_beginning("xapp-", _APP_TOKEN)),
        signing_secret=reader.secret("SLACK_SIGNING_SECRET", token),
        client_id=reader.value("SLACK_CLIENT_ID", token, "", "the Client ID of your app"),
        client_secret=reader.secret("SLACK_CLIENT_SECRET", token),
    )
    present = set(set_up) | {
        name
        for name, value in (
            ("SLACK_BOT_TOKEN", config.bot_token),
            ("SLACK_APP_TOKEN", config.app_token),
            ("SLACK_SIGNING_SECRET", config.signing_secret),
            ("SLACK_CLIENT_ID", config.client_id),
            ("SLACK_CLIENT_SECRET", config.client_secret),
        )
        if value
    }
    if not any(name.startswith("SLACK_") for name in present):
        return None
    reader.mistakes.extend(_missing(reader, present))
    return config


def _missing(reader: SettingReader, present: set[str]) -> list[str]:
    """What the settings that are there need beside them."""

    def lacking(*names: str) -> list[str]:
        # A setting that is there but wrong has been complained about.
        return [name for name in names if name not in present and not reader.given(name)]

    if present & {"SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"}:
        wanted = lacking(
            "SLACK_CLIENT_ID",
            "SLACK_CLIENT_SECRET",
            "SLACK_SIGNING_SECRET",
            "PAPERROUTE_PUBLIC_URL",
            "PAPERROUTE_WEB",
            "PAPERROUTE_SECRET_KEY",
        )
        reason = "for other workspaces to install the app"
    elif "SLACK_SIGNING_SECRET" in present:
        wanted = lacking("SLACK_BOT_TOKEN", "PAPERROUTE_WEB")
        reason = "for Slack's requests over HTTP"
    else:
        wanted = lacking("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")
        reason = "for Slack"
    return [f"{listed(wanted)} must be set as well {reason}: see `paperroute setup slack`."] if wanted else []
