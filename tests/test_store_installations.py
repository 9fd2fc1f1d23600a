"""Credentials that platforms seal."""

from __future__ import annotations

from pathlib import Path

from tests.store_kit import NOW, open_store


async def test_an_installation_is_kept_replaced_and_removed(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.put_installation("slack", "T1", "", b"\x00one", NOW)
        await store.put_installation("slack", "T1", "U1", b"theirs", NOW)
        await store.put_installation("slack", "T2", "", b"two", NOW)
        await store.put_installation("other", "T1", "", b"else", NOW)
        await store.put_installation("slack", "T1", "", b"\x00new", NOW)
    async with open_store(tmp_path) as store:
        assert await store.installation("slack", "T1") == b"\x00new"
        assert await store.installation("slack", "T1", "U1") == b"theirs"
        assert await store.installation("slack", "T3") is None
        assert await store.installed("slack") == ["T1", "T2"]
        assert await store.remove_installation("slack", "T1", "U1") == 1
        assert await store.installed("slack") == ["T1", "T2"]
        assert await store.remove_installation("slack", "T1") == 1
        assert await store.remove_installation("slack", "T1") == 0
        assert await store.installed("slack") == ["T2"]
        assert await store.installation("other", "T1") == b"else"
