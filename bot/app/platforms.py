"""Which platforms the settings ask for, and their adapters.

An adapter is loaded where its platform is asked for: each brings libraries of many megabytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from bot.app.running import spare_what_stays
from bot.clock import SystemClock
from bot.config import Config
from bot.email_config import Security
from bot.ports import Chat, Meter, Store

if TYPE_CHECKING:
    from adapters.discord import DiscordSettings
    from adapters.email import EmailSettings
    from adapters.slack import SlackSettings


@runtime_checkable
class Listens(Protocol):
    """A chat that knows whether members are heard."""

    @property
    def ready(self) -> bool: ...


@runtime_checkable
class Served(Protocol):
    """A chat that is spoken to over HTTP."""

    @property
    def routes(self) -> Sequence[Any]:
        """The routes of aiohttp's web server, once started."""
        ...


@runtime_checkable
class Mails(Protocol):
    """A chat that can mail a code."""

    async def send_code(self, address: str, code: str, asked_on: str) -> None:
        """As ``bot.mailing.Mailer``."""
        ...


@runtime_checkable
class CanFail(Protocol):
    """A chat that may turn out not to be served any more."""

    def failed(self) -> Awaitable[str]:
        """Wait until that is so, and say why."""
        ...


def chats_of(config: Config, store: Store, *, listen: bool, meter: Meter | None = None) -> list[Chat]:
    """The chats of the platforms whose tokens are set; without ``listen`` they only post."""
    chats: list[Chat] = []
    if (slack := slack_settings(config)) is not None:
        from adapters.slack import SlackChat  # noqa: PLC0415  see above

        chats.append(SlackChat(slack, store, SystemClock(), listen=listen, meter=meter))
    if (discord := discord_settings(config)) is not None:
        from adapters.discord import DiscordChat  # noqa: PLC0415  see above

        chats.append(DiscordChat(discord, store, SystemClock(), listen=listen, meter=meter, loaded=spare_what_stays))
    return chats


def mail_of(config: Config, store: Store, *, served: bool) -> list[Chat]:
    """E-mail, where it is set up. Members speak to the bot elsewhere. ``served``: this process has a web server."""
    if (email := email_settings(config)) is None:
        return []
    from adapters.email import EmailChat  # noqa: PLC0415  see above

    # A link that nobody serves is worse than none.
    return [EmailChat(email if served else replace(email, public_url=""), store, SystemClock())]


def slack_settings(config: Config) -> SlackSettings | None:
    """What the Slack adapter is given; None when Slack is not asked for."""
    slack = config.slack
    if slack is None:
        return None
    from adapters.slack import OAuthSettings, SlackSettings  # noqa: PLC0415  see above

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


def discord_settings(config: Config) -> DiscordSettings | None:
    """What the Discord adapter is given; None when Discord is not asked for."""
    discord = config.discord
    if discord is None:
        return None
    from adapters.discord import DiscordSettings  # noqa: PLC0415  see above

    return DiscordSettings(discord.token.value, discord.api_url, discord.gateway_url)


def email_settings(config: Config) -> EmailSettings | None:
    """What the e-mail adapter is given; None when e-mail is not asked for."""
    email = config.email
    if email is None:
        return None
    from adapters.email import EmailSettings  # noqa: PLC0415  see above

    return EmailSettings(
        host=email.host,
        port=email.port,
        sender=email.sender,
        sender_name=email.sender_name,
        tls=email.security is Security.TLS,
        starttls=email.security is Security.STARTTLS,
        user=email.user,
        password=email.password.value if email.password else "",
        public_url=config.public_url if config.web is not None else "",
    )


def are_ready(chats: Iterable[Chat]) -> bool:
    """Whether every platform hears its members."""
    return all(chat.ready for chat in chats if isinstance(chat, Listens))
