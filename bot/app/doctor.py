"""`paperroute doctor`: looks at everything that has to be right, changes nothing, and names each remedy."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from adapters.discord.doctor import examine as examine_discord
from adapters.email.doctor import examine as examine_email
from adapters.slack.access import Access
from adapters.slack.doctor import examine_app_token, examine_channels, examine_scopes
from adapters.slack.errors import SlackError
from bot.app.platforms import discord_settings, email_settings, slack_settings
from bot.app.reports import HEALTHY, open_read_only
from bot.clock import SystemClock
from bot.commands.saying import tidy
from bot.config import Config
from bot.diagnosis import Finding
from bot.errors import StoreError
from bot.logs import set_up_logging
from bot.models import Channel
from bot.ports import InstallationStore
from bot.wording import count
from storage.sqlite import SqliteStore


def doctor(config: Config) -> int:
    """Prints a line for each finding as it comes. Returns 0 when all is well, else 1."""
    set_up_logging(config.log, default_level=logging.ERROR, secrets=config.secrets)
    return asyncio.run(_report(config))


async def _report(config: Config) -> int:
    amiss = 0
    async for finding in _examine(config):
        amiss += not finding.well
        # Words, not colours, say which is which.
        mark = "ok " if finding.well else "FIX"
        # Names of servers and channels are strangers' words.
        said = tidy(f"{finding.subject}: {finding.said} {finding.remedy}").replace("\n", " ")
        sys.stdout.write(f"{mark}  {said}\n")
        sys.stdout.flush()
    sys.stdout.write("All is well.\n" if not amiss else f"{count(amiss, 'thing')} to mend.\n")
    return 1 if amiss else 0


async def _examine(config: Config) -> AsyncIterator[Finding]:
    yield Finding("Settings", "every one can be read")
    try:
        store: SqliteStore | None = await open_read_only(config)
    except StoreError as error:
        missing = not await asyncio.to_thread(config.database.exists)
        said = "there is none yet; `paperroute run` makes it" if missing else error.message
        yield Finding(f"Database {config.database}", said, "" if missing else error.hint or "See the sentence before.")
        store = None
    channels: list[Channel] = []
    try:
        if store is not None:
            yield await _examine_service(store)
            channels = [
                channel
                for platform in ("slack", "discord")
                for channel in await store.channels(platform)
                if await store.watches(channel.ref)
            ]
        async for finding in _examine_slack(config, store, _of("slack", channels)):
            yield finding
        async for finding in _examine_discord(config, _of("discord", channels)):
            yield finding
        async for finding in _examine_email(config):
            yield finding
    finally:
        if store is not None:
            await store.close()


def _of(platform: str, channels: list[Channel]) -> list[Channel]:
    return [channel for channel in channels if channel.ref.platform == platform]


async def _examine_discord(config: Config, channels: list[Channel]) -> AsyncIterator[Finding]:
    settings = discord_settings(config)
    if settings is None:
        yield Finding("Discord", "its token is not set; `paperroute setup discord` says how to get it")
        return
    async for finding in examine_discord(settings, channels, SystemClock()):
        yield finding


async def _examine_email(config: Config) -> AsyncIterator[Finding]:
    settings = email_settings(config)
    if settings is None:
        yield Finding("E-mail", "SMTP_URL and PAPERROUTE_EMAIL_FROM are not set, so digests go to channels alone")
        return
    async for finding in examine_email(settings):
        yield finding


async def _examine_service(store: SqliteStore) -> Finding:
    beat = await store.last_beat()
    if beat is not None and abs(datetime.now(UTC) - beat) <= HEALTHY:
        return Finding("Service", "a process serves this database")
    return Finding("Service", "nothing serves this database at present; `paperroute run` does")


async def _examine_slack(
    config: Config, store: InstallationStore | None, channels: list[Channel]
) -> AsyncIterator[Finding]:
    settings = slack_settings(config)
    if settings is None:
        yield Finding("Slack", "none of its tokens is set; `paperroute setup slack` says how to get them")
        return
    if settings.app_token:
        yield await examine_app_token(settings.api_url, settings.app_token, SystemClock())
    access = Access(settings, store, SystemClock())
    try:
        try:
            await access.open()
        except SlackError as error:
            remedy = "Copy the Bot User OAuth Token again from your app's page, or check the network."
            yield Finding("SLACK_BOT_TOKEN", f"Slack refuses it ({error.code}).", remedy)
            return
        for workspace in await access.workspaces():
            try:
                credentials = await access.tokens.credentials(workspace)
            except SlackError as error:
                remedy = "Install the app in that workspace again."
                yield Finding(f"Slack workspace {workspace}", f"has no valid token ({error.code}).", remedy)
                continue
            for finding in await examine_scopes(settings.api_url, workspace, credentials):
                yield finding
        async for finding in examine_channels(access.api, channels, SystemClock()):
            yield finding
    finally:
        await access.close()
