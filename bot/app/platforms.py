"""Which platforms the settings ask for, and their adapters."""

from __future__ import annotations

from adapters.slack import OAuthSettings, SlackChat, SlackSettings
from bot.clock import SystemClock
from bot.config import Config
from bot.errors import ConfigError
from bot.ports import Chat, Store


def chats_of(config: Config, store: Store, *, listen: bool) -> list[Chat]:
    """The chats of the platforms whose tokens are set; without ``listen`` they only post."""
    settings = slack_settings(config)
    return [SlackChat(settings, store, SystemClock(), listen=listen)] if settings else []


def slack_settings(config: Config) -> SlackSettings | None:
    """What the Slack adapter is given; None when Slack is not asked for."""
    slack = config.slack
    if slack is None:
        return None
    oauth = None
    if slack.client_id and slack.client_secret and config.secret_key:
        oauth = OAuthSettings(
            client_id=slack.client_id,
            client_secret=slack.client_secret.value,
            public_url=config.public_url,
            secret_keys=tuple(config.secret_key.value.split(",")),
        )
    return SlackSettings(
        api_url=slack.api_url,
        bot_token=slack.bot_token.value if slack.bot_token else "",
        app_token=slack.app_token.value if slack.app_token else "",
        signing_secret=slack.signing_secret.value if slack.signing_secret else "",
        oauth=oauth,
    )


def refuse_unserved(config: Config) -> None:
    """A token without an adapter would be ignored in silence. Raises ConfigError."""
    if config.tokens:
        names = ", ".join(config.tokens)
        raise ConfigError([f"{names} cannot be used: this version serves Slack and the console; unset it to go on."])
