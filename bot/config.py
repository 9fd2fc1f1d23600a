"""Every setting of paperroute, read once from the environment and `.env`.

A setting in the environment wins over the same one in `.env`. A secret NAME may be given as NAME_FILE, the path of a
file that holds it (Docker and Kubernetes secrets). All mistakes are reported at once, each naming its setting with an
example; no message repeats a secret's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bot import discord_config, email_config, setting_values, signals_config, slack_config
from bot.discord_config import DiscordConfig
from bot.email_config import EmailConfig
from bot.setting_reader import Secret, SettingReader
from bot.setting_values import ARXIV_API_URL, LogConfig
from bot.signals_config import SignalsConfig
from bot.slack_config import SlackConfig

__all__ = [
    "PLATFORM_TOKENS",
    "Config",
    "DiscordConfig",
    "EmailConfig",
    "LogConfig",
    "Secret",
    "SignalsConfig",
    "SlackConfig",
]

ARXIV_DELAY = 3.0
"""Seconds between two requests that arXiv's terms of use ask for."""

PLATFORM_TOKENS = (("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"), ("DISCORD_TOKEN",))
"""The settings that hold a platform's tokens, a platform each."""

_SETTINGS = (
    "PAPERROUTE_DATABASE",
    "PAPERROUTE_POLL_INTERVAL",
    "PAPERROUTE_BACKFILL",
    "PAPERROUTE_KEEP",
    "PAPERROUTE_TIMEZONE",
    "PAPERROUTE_CONTACT",
    "PAPERROUTE_ARXIV_DELAY",
    "PAPERROUTE_LOG",
    "PAPERROUTE_PUBLIC_URL",
    "PAPERROUTE_WEB",
    "PAPERROUTE_METRICS_TOKEN",
    "PAPERROUTE_SECRET_KEY",
    "PAPERROUTE_SIGNALS",
    "PAPERROUTE_EMAIL_FROM",
)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings, checked. ``arxiv_api_url`` is a secret because a mirror's address may carry a password.

    ``web`` is the host and port to serve HTTP at, ``metrics_token`` what opens ``/metrics`` there; ``public_url`` where
    people and platforms reach that, https without a final slash.
    """

    database: Path = Path("paperroute.db")
    poll_interval: timedelta = timedelta(hours=1)
    backfill: timedelta = timedelta(days=7)
    keep: timedelta = timedelta(days=400)
    timezone: str = "UTC"
    contact: str = ""
    arxiv_delay: float = ARXIV_DELAY
    arxiv_api_url: Secret = field(default_factory=lambda: Secret(ARXIV_API_URL))
    log: LogConfig = field(default_factory=LogConfig)
    public_url: str = ""
    web: tuple[str, int] | None = None
    metrics_token: Secret | None = None
    secret_key: Secret | None = None
    slack: SlackConfig | None = None
    discord: DiscordConfig | None = None
    signals: SignalsConfig | None = field(default_factory=SignalsConfig)
    email: EmailConfig | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not appear in any output."""
        address = urlsplit(self.arxiv_api_url.value)
        hidden = [*(self.slack.secrets if self.slack else ()), *(self.discord.secrets if self.discord else ())]
        hidden += self.email.secrets if self.email else ()
        hidden += [self.metrics_token.value] if self.metrics_token else []
        hidden += self.secret_key.value.split(",") if self.secret_key else ()
        hidden += [part for part in (address.password, address.query) if part]
        return tuple(hidden)

    @property
    def arxiv_api_shown(self) -> str:
        """The address of the arXiv API without user, password and query."""
        parts = urlsplit(self.arxiv_api_url.value)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))

    @classmethod
    def from_env(cls, environ: Mapping[str, str], dotenv: Path | None = None) -> Config:
        """The settings of ``environ`` over those of the file ``dotenv``, which need not exist. Raises ConfigError."""
        defaults = cls()
        reader = SettingReader(environ, dotenv)
        url = reader.secret("ARXIV_API_URL", setting_values.query_url) or Secret(ARXIV_API_URL)
        is_arxiv = setting_values.is_arxiv(url.value)
        config = cls(
            database=reader.value(
                "PAPERROUTE_DATABASE",
                setting_values.path,
                defaults.database,
                "a file's path, for example paperroute.db",
            ),
            poll_interval=reader.value(
                "PAPERROUTE_POLL_INTERVAL",
                setting_values.duration(timedelta(minutes=5) if is_arxiv else timedelta(seconds=1), timedelta(days=1)),
                defaults.poll_interval,
                f"a time from {'5m' if is_arxiv else '1s'} to 1d, for example 1h",
            ),
            backfill=reader.value(
                "PAPERROUTE_BACKFILL",
                setting_values.duration(timedelta(), timedelta(days=60)),
                defaults.backfill,
                "a time from 0 to 60d, for example 7d",
            ),
            keep=reader.value(
                "PAPERROUTE_KEEP",
                setting_values.duration(timedelta(days=31), timedelta(days=36_500)),
                defaults.keep,
                "a time of at least 31d, for example 400d",
            ),
            timezone=reader.value(
                "PAPERROUTE_TIMEZONE",
                setting_values.zone,
                defaults.timezone,
                "a time zone's name, for example Europe/Berlin",
            ),
            contact=reader.value(
                "PAPERROUTE_CONTACT",
                setting_values.contact,
                defaults.contact,
                "an address arXiv may write to, for example ann@lab.org",
            ),
            arxiv_delay=reader.value(
                "PAPERROUTE_ARXIV_DELAY",
                setting_values.delay(ARXIV_DELAY if is_arxiv else 0.0),
                defaults.arxiv_delay,
                "seconds between requests: 3 to 300, for example 3 (less only with ARXIV_API_URL set to a host"
                " that is not arXiv's)",
            ),
            arxiv_api_url=url,
            log=reader.value(
                "PAPERROUTE_LOG", setting_values.log, defaults.log, "text or json and a level, for example json,info"
            ),
            public_url=reader.value(
                "PAPERROUTE_PUBLIC_URL",
                setting_values.public_url,
                "",
                "the https address of a host, without a path, for example https://papers.lab.example",
            ),
            web=reader.value(
                "PAPERROUTE_WEB", setting_values.address, None, "a host and a port, for example 127.0.0.1:8080"
            ),
            metrics_token=reader.secret("PAPERROUTE_METRICS_TOKEN", setting_values.long_token),
            secret_key=reader.secret("PAPERROUTE_SECRET_KEY", setting_values.fernet_keys),
            slack=slack_config.read(
                reader,
                set_up=[name for name in _SETTINGS if reader.given(name)],
            ),
            discord=discord_config.read(reader),
            signals=signals_config.read(reader),
            email=email_config.read(reader),
        )
        if config.metrics_token is not None and config.web is None:
            reader.mistakes.append(
                "PAPERROUTE_METRICS_TOKEN needs PAPERROUTE_WEB, where /metrics is served: for example 127.0.0.1:8080."
            )
        reader.finish(_SETTINGS)
        return config
