"""The stand-in is as strict as Discord: a test that passes against it means something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from tests.standins.discord import APPLICATION, BOB, EPHEMERAL, GUILD, READING, TOKEN, DiscordStandIn
from tests.standins.discord_gateway import ROUND_TRIP
from tests.standins.discord_limits import check_commands, check_message
from tests.standins.discord_state import (
    BOT,
    CREATE_THREADS,
    EMBED_LINKS,
    FORUM,
    READ_HISTORY,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    THREAD,
    VIEW_CHANNEL,
)

MESSAGES = f"/channels/{READING}/messages"


@dataclass
class Api:
    """Requests by hand, at a time that is set."""

    discord: DiscordStandIn
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bot {TOKEN}"})
    moment: float = 1_772_600_000.0

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """The status, and the answer, or Discord's code where it refuses."""
        async with self.session.request(
            method, self.discord.url + path, json=body, headers=self.headers, timeout=aiohttp.ClientTimeout(10)
        ) as response:
            if response.status == 204:
                return 204, None
            assert response.headers["Content-Type"] == "application/json"
            answer = await response.json()
            return response.status, answer if response.status < 400 else answer.get("code", answer)

    async def post(self, channel: int = READING, **body: Any) -> tuple[int, Any]:
        return await self.ask("POST", f"/channels/{channel}/messages", {"content": "x"} | body)


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    discord = DiscordStandIn(now=lambda: made.moment)
    async with aiohttp.ClientSession() as session:
        made = Api(discord, session)
        async with discord:
            yield made


def button(**changes: Any) -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": "Go", "custom_id": "go"} | changes


def rows(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"components": [{"type": 1, "components": list(buttons)}]}


def embeds(*each: dict[str, Any]) -> dict[str, Any]:
    return {"embeds": list(each)}


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2_000},
        {"content": "x", "nonce": "n" * 25},
        embeds(*[{"title": "x"}] * 10),
        embeds({"title": "x" * 256, "description": "x" * 4_096}),
        embeds({"footer": {"text": "x" * 2_048}, "author": {"name": "x" * 256}}),
        embeds({"fields": [{"name": "x", "value": "y"}] * 25}),
        embeds({"description": "x" * 3_000}, {"description": "x" * 3_000}),
        {"components": [{"type": 1, "components": [button(custom_id=f"{row}{place}") for place in range(5)]}
                        for row in range(5)]},
        rows(button(label="x" * 80, custom_id="x" * 100)),
        rows({"type": 2, "style": 5, "label": "PDF", "url": "https://arxiv.org/pdf/1"}),
    ],
)  # fmt: skip
def test_what_discord_takes(body: dict[str, Any]) -> None:
    assert check_message(body) is None


@pytest.mark.parametrize(
    "body",
    [
        {"content": ""},
        {"content": "x" * 2_001},
        {"content": "x", "nonce": "n" * 26},
        embeds(*[{"title": "x"}] * 11),
        embeds({"title": "x" * 257}),
        embeds({"description": "x" * 4_097}),
        embeds({"footer": {"text": "x" * 2_049}}),
        embeds({"author": {"name": "x" * 257}}),
        embeds({"fields": [{"name": "x", "value": "y"}] * 26}),
        embeds({"fields": [{"name": "x" * 257, "value": "y"}]}),
        embeds({"fields": [{"name": "x", "value": "y" * 1_025}]}),
        embeds({"fields": [{"name": "x", "value": ""}]}),
        embeds({"description": "x" * 3_001}, {"description": "x" * 3_000}),
        embeds({"title": "x", "url": "javascript:alert(1)"}),
        embeds({"url": "https://arxiv.org"}),
        {"components": [{"type": 1, "components": [button(custom_id=str(row))]} for row in range(6)]},
        rows(*[button(custom_id=str(place)) for place in range(6)]),
        rows(),
        rows(button(), button()),
        rows(button(label="x" * 81)),
        rows(button(label="")),
        rows(button(custom_id="x" * 101)),
        rows(button(custom_id="")),
        rows({"type": 2, "style": 5, "label": "PDF", "url": "ftp://arxiv.org"}),
        rows({"type": 2, "style": 5, "label": "PDF", "url": "https://arxiv.org", "custom_id": "go"}),
    ],
)
def test_what_discord_refuses(body: dict[str, Any]) -> None:
    assert check_message(body) is not None


def command(**changes: Any) -> dict[str, Any]:
    return {"name": "papers", "description": "Papers", "type": 1} | changes


@pytest.mark.parametrize(
    "wrong",
    [
        command(name="Papers"),
        command(name="p" * 33),
        command(description=""),
        command(description="x" * 101),
        command(options=[command(type=3, name=f"o{number}") for number in range(26)]),
        command(options=[command(type=3, choices=[{"name": str(n), "value": "x"} for n in range(26)])]),
        command(options=[command(type=3, choices=[{"name": "x" * 101, "value": "x"}])]),
        command(options=[command(type=3, name="a"), command(type=3, name="b", required=True)]),
        command(options=[command(type=3, name=f"o{number}", description="x" * 100,
                                 choices=[{"name": "x" * 100, "value": "y" * 100}] * 4) for number in range(9)]),
    ],
)  # fmt: skip
def test_what_commands_discord_refuses(wrong: dict[str, Any]) -> None:
    assert check_commands([command(options=[command(type=3, name="a", required=True), command(type=3)])]) is None
    assert check_commands([wrong]) is not None


async def test_refusals_come_as_discords_codes(api: Api) -> None:
    assert await api.post(content="x" * 2_001) == (400, 50035)
    assert await api.post(content="") == (400, 50006)
    path = f"/applications/{APPLICATION}/commands"
    assert await api.ask("PUT", path, [command(name="P")]) == (400, 50035)
    assert await api.ask("GET", f"{MESSAGES}/1") == (404, 10008)
    assert await api.post(channel=77) == (404, 10003)
    assert await api.ask("GET", "/nothing") == (404, 0)
    api.headers["Authorization"] = "Bot wrong"
    assert await api.post() == (401, 0)


class TestNonce:
    """The same author and nonce in a channel within some minutes: the first message, no second."""

    async def test_a_repetition_is_answered_with_the_message_that_is_there(self, api: Api) -> None:
        _, first = await api.post(nonce="n", enforce_nonce=True)
        _, again = await api.post(content="other", nonce="n", enforce_nonce=True)
        assert (again["id"], again["content"], again["nonce"]) == (first["id"], "x", "n")
        _, history = await api.ask("GET", MESSAGES)
        assert [message["id"] for message in history] == [first["id"]]
        assert "nonce" not in history[0]

    async def test_not_when_it_is_not_asked_for_elsewhere_or_later(self, api: Api) -> None:
        api.discord.add_channel(4_002, "other")
        ids = set()
        for channel, body in ((READING, {}), (READING, {"enforce_nonce": False}), (4_002, {"enforce_nonce": True})):
            ids.add((await api.post(channel, nonce="n", **body))[1]["id"])
        _, first = await api.post(nonce="n", enforce_nonce=True)
        api.moment += 600
        _, later = await api.post(nonce="n", enforce_nonce=True)
        assert later["id"] != first["id"]
        assert len(ids) == 3

    async def test_of_a_message_that_was_deleted_discord_knows_the_nonce_alone(self, api: Api) -> None:
        _, first = await api.post(nonce="n", enforce_nonce=True)
        api.discord.channel(READING).messages[int(first["id"])].deleted = True
        assert await api.post(nonce="n", enforce_nonce=True) == (404, 10008)


class TestRates:
    """Five messages in five seconds a channel, fifty requests a second over all."""

    async def test_a_channel_has_its_own(self, api: Api) -> None:
        api.discord.add_channel(4_002, "other")
        for _ in range(5):
            assert (await api.post())[0] == 200
        status, refused = await api.post()
        assert status == 429
        assert 4 < refused["retry_after"] <= 5
        assert not refused["global"]
        assert (await api.post(4_002))[0] == 200
        api.moment += 5
        assert (await api.post())[0] == 200
        assert api.discord.limits.refused == [f"messages in {READING}"]

    async def test_the_headers_tell_of_it(self, api: Api) -> None:
        for left in (4, 3):
            async with api.session.post(
                api.discord.url + MESSAGES, json={"content": "x"}, headers=api.headers, timeout=aiohttp.ClientTimeout(9)
            ) as response:
                assert response.headers["X-RateLimit-Remaining"] == str(left)
                assert 0 < float(response.headers["X-RateLimit-Reset-After"]) <= 5

    async def test_all_together_have_one_and_interactions_are_not_counted(self, api: Api) -> None:
        for _ in range(50):
            assert (await api.ask("GET", "/users/@me"))[0] == 200
        status, refused = await api.ask("GET", "/users/@me")
        assert (status, refused["global"]) == (429, True)
        assert await api.ask("POST", "/interactions/1/unknown/callback", {"type": 5}) == (404, 10062)
        api.moment += 1
        assert (await api.ask("GET", "/users/@me"))[0] == 200


class TestPermissions:
    """What the bot may not."""

    @pytest.mark.parametrize(("denied", "code"), [(VIEW_CHANNEL, 50001), (SEND_MESSAGES, 50013)])
    async def test_posting(self, api: Api, denied: int, code: int) -> None:
        api.discord.channel(READING).denied = denied
        assert await api.post() == (403, code)

    async def test_embeds_are_dropped_without_a_word(self, api: Api) -> None:
        api.discord.channel(READING).denied = EMBED_LINKS
        _, message = await api.post(**embeds({"title": "x"}))
        assert message["embeds"] == []
        assert await api.post(content="", **embeds({"title": "x"})) == (400, 50006)

    async def test_a_history_that_may_not_be_read_is_empty_and_no_error(self, api: Api) -> None:
        _, message = await api.post()
        assert len((await api.ask("GET", MESSAGES))[1]) == 1
        api.discord.channel(READING).denied = READ_HISTORY
        assert await api.ask("GET", MESSAGES) == (200, [])
        assert await api.ask("GET", f"{MESSAGES}/{message['id']}") == (403, 50001)

    async def test_threads_ask_for_their_own(self, api: Api) -> None:
        _, message = await api.post()
        begin = ("POST", f"{MESSAGES}/{message['id']}/threads", {"name": "Papers"})
        api.discord.channel(READING).denied = CREATE_THREADS
        assert await api.ask(*begin) == (403, 50013)
        api.discord.channel(READING).denied = SEND_IN_THREADS
        _, thread = await api.ask(*begin)
        assert thread["id"] == message["id"]
        assert await api.post(int(thread["id"])) == (403, 50013)
        api.discord.channel(READING).denied = SEND_MESSAGES
        assert (await api.post(int(thread["id"])))[0] == 200


class TestThreads:
    """Threads and forums."""

    async def test_one_a_message_and_none_within_another(self, api: Api) -> None:
        _, message = await api.post()
        begin = ("POST", f"{MESSAGES}/{message['id']}/threads", {"name": "Papers"})
        assert (await api.ask(*begin))[0] == 200
        assert await api.ask(*begin) == (400, 160004)
        assert await api.ask("POST", f"{MESSAGES}/77/threads", {"name": "Papers"}) == (404, 10008)
        thread = int(message["id"])
        _, inside = await api.post(thread)
        path = f"/channels/{thread}/messages/{inside['id']}/threads"
        assert await api.ask("POST", path, {"name": "Papers"}) == (400, 50024)

    async def test_a_locked_one_refuses_and_an_archived_one_opens(self, api: Api) -> None:
        thread = api.discord.add_channel(4_500, "a talk", type=THREAD, parent=READING, archived=True)
        archived = f"/channels/{READING}/threads/archived/public"
        assert [each["id"] for each in (await api.ask("GET", archived))[1]["threads"]] == ["4500"]
        assert (await api.post(4_500))[0] == 200
        assert (await api.ask("GET", archived))[1]["threads"] == []
        thread.locked = True
        assert await api.post(4_500) == (403, 160005)

    async def test_a_forum_takes_posts_alone_with_a_tag_where_it_asks_for_one(self, api: Api) -> None:
        forum = api.discord.add_channel(4_600, "papers", type=FORUM)
        assert await api.post(4_600) == (400, 50008)
        path, post = "/channels/4600/threads", {"name": "A paper", "message": {"content": "x"}}
        assert await api.ask("POST", f"/channels/{READING}/threads", post) == (400, 50024)
        assert await api.ask("POST", path, post | {"name": "x" * 101}) == (400, 50035)
        status, made = await api.ask("POST", path, post)
        assert (status, made["message"]["id"]) == (200, made["id"])
        forum.needs_tag = True
        assert await api.ask("POST", path, post) == (400, 40067)
        assert (await api.ask("POST", path, post | {"applied_tags": ["1"]}))[0] == 200


class TestHistory:
    """Newest first, after a message or a moment, so many."""

    async def test_pages(self, api: Api) -> None:
        api.discord.limits.enforced = False
        ids = [(await api.post(content=str(number)))[1]["id"] for number in range(5)]
        for query, expected in (
            ("", ids[::-1]),
            ("?limit=2", ids[:2:-1]),
            (f"?after={ids[1]}&limit=2", [ids[3], ids[2]]),
            (f"?before={ids[2]}", [ids[1], ids[0]]),
        ):
            _, found = await api.ask("GET", MESSAGES + query)
            assert [message["id"] for message in found] == expected


class TestInteractions:
    """Acknowledged once and in time, answered while the token lives."""

    async def begun(self, api: Api, kind: str = "list") -> tuple[str, str]:
        """The address of the callback and of the webhook of a new command."""
        before = set(api.discord._interactions)
        task = asyncio.create_task(api.discord.command(kind))
        await asyncio.sleep(0)  # it is begun before anything is waited for
        (token,) = set(api.discord._interactions) - before
        self.task = task
        return f"/interactions/1/{token}/callback", f"/webhooks/{APPLICATION}/{token}"

    async def test_once(self, api: Api) -> None:
        callback, _ = await self.begun(api)
        say = {"type": 4, "data": {"content": "x", "flags": EPHEMERAL}}
        assert (await api.ask("POST", callback, say))[0] == 200
        assert await api.ask("POST", callback, say) == (400, 40060)
        done = await self.task
        assert done.acknowledged is not None
        assert done.ephemeral
        assert done.messages == {"@original": say["data"]}

    async def test_in_time(self, api: Api) -> None:
        api.discord.ack_seconds = 0.01
        callback, _ = await self.begun(api)
        assert (await self.task).acknowledged is None
        assert await api.ask("POST", callback, {"type": 5}) == (404, 10062)

    async def test_within_the_sizes_also_of_what_is_offered(self, api: Api) -> None:
        callback, _ = await self.begun(api)
        long = {"type": 4, "data": {"content": "x" * 2_001}}
        assert await api.ask("POST", callback, long) == (400, 50035)
        for choices in ([{"name": "x", "value": "x"}] * 26, [{"name": "x" * 101, "value": "x"}],
                        [{"name": "x", "value": "x" * 101}], [{"name": "", "value": "x"}]):  # fmt: skip
            assert await api.ask("POST", callback, {"type": 8, "data": {"choices": choices}}) == (400, 50035)
        fitting = {"type": 8, "data": {"choices": [{"name": "x" * 100, "value": "x" * 100}] * 25}}
        assert (await api.ask("POST", callback, fitting))[0] == 200
        await self.task

    async def test_edited_removed_and_followed_up_until_the_token_ends(self, api: Api) -> None:
        callback, webhook = await self.begun(api)
        assert await api.ask("POST", webhook, {"content": "early"}) == (404, 10015)
        await api.ask("POST", callback, {"type": 5, "data": {"flags": EPHEMERAL}})
        done = await self.task
        original = f"{webhook}/messages/@original"
        for text in ("first", "second"):
            assert (await api.ask("PATCH", original, {"content": text}))[0] == 200
        assert [message["content"] for message in done.messages.values()] == ["second"]
        assert (await api.ask("DELETE", original))[0] == 204
        assert await api.ask("PATCH", original, {"content": "x"}) == (404, 10008)
        await api.ask("POST", webhook, {"content": "anew"})
        assert [message["content"] for message in done.messages.values()] == ["anew"]
        api.discord.token_seconds = 0
        assert await api.ask("POST", webhook, {"content": "late"}) == (401, 50027)


class TestGateway:
    """Identify, resume, and what is refused."""

    async def connected(self, api: Api, **first: Any) -> list[dict[str, Any]]:
        """What comes after the greeting, until nothing does or the gateway closes."""
        got: list[dict[str, Any]] = []
        async with api.session.ws_connect(api.discord.gateway.url) as socket:
            assert (await socket.receive_json())["op"] == 10
            await socket.send_json(first)
            await socket.send_json({"op": 1, "d": None})
            async for message in socket:
                got.append(message.json())
                if got[-1]["op"] in (9, 11):
                    return got
            return [*got, {"closed": socket.close_code}]

    def identify(self, **changes: Any) -> dict[str, Any]:
        return {"op": 2, "d": {"token": TOKEN, "intents": 1025} | changes}

    async def test_heartbeats_after_the_first_are_answered_as_over_a_network(self, api: Api) -> None:
        taken = []
        async with api.session.ws_connect(api.discord.gateway.url) as socket:
            await socket.receive_json()
            for _ in range(2):
                begun = time.monotonic()
                await socket.send_json({"op": 1, "d": None})
                assert await socket.receive_json() == {"op": 11}
                taken.append(time.monotonic() - begun)
        assert taken[1] >= ROUND_TRIP

    async def test_ready_and_guilds(self, api: Api) -> None:
        api.discord.add_guild(GUILD + (1 << 22), "Outage").available = False
        ready, guild, _ = await self.connected(api, **self.identify())
        assert [each["unavailable"] for each in ready["d"]["guilds"]] == [True, True]
        assert (guild["t"], guild["d"]["id"]) == ("GUILD_CREATE", str(GUILD))

    async def test_only_those_of_the_shard(self, api: Api) -> None:
        api.discord.add_guild(GUILD + (1 << 22), "Other")
        for shard in (0, 1):
            ready, *_ = await self.connected(api, **self.identify(shard=[shard, 2]))
            assert [int(each["id"]) >> 22 for each in ready["d"]["guilds"]] == [3_000 + shard]

    async def test_a_wrong_token_or_intents_that_are_not_allowed_end_it(self, api: Api) -> None:
        assert await self.connected(api, **self.identify(token="wrong")) == [{"closed": 4004}]
        for privileged in (1 << 1, 1 << 8, 1 << 15):
            assert await self.connected(api, **self.identify(intents=1025 | privileged)) == [{"closed": 4014}]

    async def test_a_resume_brings_what_was_missed(self, api: Api) -> None:
        ready, guild, _ = await self.connected(api, **self.identify())
        await api.discord.gateway.disconnected()
        await api.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", api.discord.channel(READING).shown())
        asked = {"token": TOKEN, "session_id": ready["d"]["session_id"], "seq": guild["s"]}
        missed, resumed, _ = await self.connected(api, op=6, d=asked)
        assert (missed["t"], resumed["t"]) == ("CHANNEL_UPDATE", "RESUMED")
        api.discord.gateway.forget()
        assert await self.connected(api, op=6, d=asked) == [{"op": 9, "d": False}]

    async def test_reactions_tell_of_the_author_only_when_added(self, api: Api) -> None:
        _, posted = await api.post()
        message = api.discord.channel(READING).messages[int(posted["id"])]
        ready, guild, _ = await self.connected(api, **self.identify())
        await api.discord.react(message, "⭐", user=BOB)
        await api.discord.react(message, "⭐", user=BOB, added=False)
        asked = {"token": TOKEN, "session_id": ready["d"]["session_id"], "seq": guild["s"]}
        added, removed, *_ = await self.connected(api, op=6, d=asked)
        assert added["d"]["message_author_id"] == str(BOT)
        assert added["d"]["member"]["user"]["id"] == str(BOB)
        assert "member" not in removed["d"]
        assert "message_author_id" not in removed["d"]
