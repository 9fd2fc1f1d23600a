"""slack_sdk's installation store over ours: every method, sealed, a workspace at a time."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store.models.installation import Installation

from adapters.slack.identity import PLATFORM
from adapters.slack.installations import Seal, SlackInstallations
from bot.errors import ConfigError
from bot.ports import InstallationStore
from tests.standins.clock import FakeClock
from tests.store_kit import open_store

OLD, NEW = (urlsafe_b64encode(letter * 32).decode() for letter in (b"o", b"n"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[InstallationStore]:
    async with open_store(tmp_path) as opened:
        yield opened


def installations(store: InstallationStore, *keys: str) -> SlackInstallations:
    return SlackInstallations(store, Seal(keys or (NEW,)), FakeClock())


def installation(team: str | None = "T1", **changes: Any) -> Installation:
    values = {
        "team_id": team, "user_id": "U1", "bot_token": f"xoxb-{team}", "bot_id": "B1", "bot_user_id": "UBOT",
        "bot_scopes": ["chat:write"], "user_token": "xoxp-secret", "user_scopes": ["everything"],
    } | changes  # fmt: skip
    return Installation(**values)


async def test_what_is_saved_is_found_without_the_members_token(store: InstallationStore) -> None:
    kept = installations(store)
    await kept.async_save(installation())
    found = await kept.async_find_installation(enterprise_id=None, team_id="T1")
    assert found is not None
    assert (found.bot_token, found.bot_scopes, found.user_id) == ("xoxb-T1", ["chat:write"], "U1")
    assert found.user_token is None
    bot = await kept.async_find_bot(enterprise_id=None, team_id="T1")
    assert bot is not None
    assert bot.bot_token == "xoxb-T1"
    sealed = await store.installation(PLATFORM, "T1")
    assert sealed is not None
    assert b"xoxb" not in sealed
    assert kept.logger.name == "adapters.slack.installations"


async def test_workspaces_are_kept_apart(store: InstallationStore) -> None:
    kept = installations(store)
    await kept.async_save(installation("T1"))
    await kept.async_save(installation("T1", enterprise_id="E1", bot_token="xoxb-grid"))
    await kept.async_save(installation("T2", enterprise_id="E1", bot_token="xoxb-org", is_enterprise_install=True))
    assert sorted(await store.installed(PLATFORM)) == ["E1:", "E1:T1", "T1"]
    assert await kept.async_find_bot(enterprise_id=None, team_id="T2") is None
    for enterprise, team, whole, token in (
        (None, "T1", False, "xoxb-T1"), ("E1", "T1", False, "xoxb-grid"), ("E1", "T7", True, "xoxb-org"),
    ):  # fmt: skip
        bot = await kept.async_find_bot(enterprise_id=enterprise, team_id=team, is_enterprise_install=whole)
        assert bot is not None
        assert bot.bot_token == token


async def test_a_refreshed_bot_replaces_the_old_one(store: InstallationStore) -> None:
    kept = installations(store)
    await kept.async_save(installation())
    bot = installation(bot_token="xoxe.xoxb-2", bot_refresh_token="xoxe-2", bot_token_expires_at=1_900_000_000).to_bot()
    await kept.async_save_bot(bot)
    found = await kept.async_find_installation(enterprise_id=None, team_id="T1")
    assert found is not None
    assert (found.bot_token, found.bot_refresh_token, found.user_id) == ("xoxe.xoxb-2", "xoxe-2", "U1")
    unknown = installation("T9").to_bot()
    await kept.async_save_bot(unknown)
    assert (await kept.async_find_bot(enterprise_id=None, team_id="T9")) is not None


async def test_every_way_of_deleting(store: InstallationStore) -> None:
    kept = installations(store)
    for delete in (
        kept.async_delete_bot(enterprise_id=None, team_id="T1"),
        kept.async_delete_installation(enterprise_id=None, team_id="T1"),
        kept.async_delete_installation(enterprise_id=None, team_id="T1", user_id="U1"),
        kept.async_delete_all(enterprise_id=None, team_id="T1"),
    ):
        await kept.async_save(installation("T1"))
        await kept.async_save(installation("T2"))
        await delete
        assert await store.installed(PLATFORM) == ["T2"]


async def test_another_members_installation_is_left_alone(store: InstallationStore) -> None:
    kept = installations(store)
    await kept.async_save(installation("T1"))
    await kept.async_delete_installation(enterprise_id=None, team_id="T1", user_id="U2")
    assert await kept.async_find_installation(enterprise_id=None, team_id="T1", user_id="U2") is None
    assert await store.installed(PLATFORM) == ["T1"]


async def test_keys_are_exchanged_by_putting_the_new_one_in_front(
    store: InstallationStore, caplog: pytest.LogCaptureFixture
) -> None:
    await installations(store, OLD).async_save(installation())
    both = installations(store, NEW, OLD)
    found = await both.async_find_installation(enterprise_id=None, team_id="T1")
    assert found is not None
    await both.async_save(found)
    assert await installations(store, NEW).async_find_bot(enterprise_id=None, team_id="T1") is not None
    assert await installations(store, OLD).async_find_bot(enterprise_id=None, team_id="T1") is None
    assert "PAPERROUTE_SECRET_KEY lacks its key" in caplog.text


@pytest.mark.parametrize("key", ["", "secret", "é" * 44, OLD[:-2]])
def test_what_is_no_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Seal([key])
    assert "PAPERROUTE_SECRET_KEY is no key" in str(refused.value)
    assert not key or key not in str(refused.value)


def test_what_was_sealed_opens_as_it_was() -> None:
    seal = Seal([NEW])
    assert seal.open(seal.seal({"a": [1, "é"]})) == {"a": [1, "é"]}
    assert seal.open(Fernet(NEW).encrypt(b"[]")) is None
