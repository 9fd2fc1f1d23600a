"""The Web API's client on the wire: what goes out, what whatever comes back means, and when nothing goes out at all."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest

from adapters.slack.api import Credentials, WebApi
from adapters.slack.errors import SlackError
from bot.errors import ConfigError
from bot.proxies import proxy_for
from tests.standins.canned import HANG, RESET, CannedServer, http
from tests.standins.clock import FakeClock

TOKEN = "xoxb-1-open-sesame"
OK = http('{"ok": true, "ts": "1.000001"}')
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class Team:
    """Tokens: the app is installed everywhere but in T0."""

    async def credentials(self, workspace: str) -> Credentials:
        if workspace == "T0":
            raise SlackError("not_installed", method="auth.test", workspace=workspace, permanent=True)
        return Credentials(TOKEN, bot="B1", user="U1", name="paperroute")


@asynccontextmanager
async def connected(url: str, clock: FakeClock) -> AsyncIterator[WebApi]:
    api = WebApi(Team(), base_url=url, clock=clock)
    await api.open()
    try:
        yield api
    finally:
        await api.close()


def sent(request: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """The first line, the headers and the form of a request."""
    head, _, body = request.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return first, headers, {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}


async def failure(url: str, clock: FakeClock, method: str = "chat.postMessage") -> SlackError:
    async with connected(url, clock) as api:
        with pytest.raises(SlackError) as caught:
            await api.call("T1", method, channel="C1")
    return caught.value


class TestRequests:
    async def test_what_goes_out(self, clock: FakeClock) -> None:
        async with CannedServer(OK) as server, connected(server.url, clock) as api:
            answer = await api.call(
                "T1",
                "chat.postMessage",
                channel="C1",
                text="ünï & <code>",
                blocks=[{"type": "divider"}],
                metadata={"event_type": "x"},
                unfurl_links=False,
                limit=200,
                thread_ts=None,
            )
        assert answer["ts"] == "1.000001"
        first, headers, form = sent(server.requests[0])
        assert first == "POST /api/chat.postMessage HTTP/1.1"
        assert headers["authorization"] == f"Bearer {TOKEN}"
        assert headers["content-type"].startswith("application/x-www-form-urlencoded")
        assert json.loads(form.pop("blocks")) == [{"type": "divider"}]
        assert json.loads(form.pop("metadata")) == {"event_type": "x"}
        assert form == {"channel": "C1", "text": "ünï & <code>", "unfurl_links": "false", "limit": "200"}

    async def test_half_a_character_is_no_reason_to_fail(self, clock: FakeClock) -> None:
        async with CannedServer(OK) as server, connected(server.url, clock) as api:
            await api.call("T1", "chat.postMessage", text="a\ud800b", blocks=[{"text": "c\udc00d"}])
        _, _, form = sent(server.requests[0])
        assert (form["text"], json.loads(form["blocks"])) == ("a?b", [{"text": "c?d"}])

    async def test_one_connection_serves_many_calls(self, clock: FakeClock) -> None:
        async with CannedServer(OK) as server, connected(server.url, clock) as api:
            for _ in range(5):
                await api.call("T1", "chat.postMessage", channel="C1")
            assert (len(server.requests), server.connections) == (5, 1)

    async def test_where_the_app_is_not_installed_nothing_goes_out(self, clock: FakeClock) -> None:
        async with CannedServer(OK) as server, connected(server.url, clock) as api:
            for asked in (api.call("T0", "chat.postMessage"), api.credentials("T0")):
                with pytest.raises(SlackError, match="not installed in the Slack workspace T0"):
                    await asked
        assert server.requests == []

    async def test_a_response_url_gets_no_token(self, clock: FakeClock) -> None:
        async with CannedServer(http("ok", media="text/html")) as server, connected(server.url, clock) as api:
            await api.respond(f"{server.url}response", {"text": "ünï", "response_type": "ephemeral"})
        first, headers, _ = sent(server.requests[0])
        assert first == "POST /api/response HTTP/1.1"
        assert "authorization" not in headers
        assert json.loads(server.requests[0].partition("\r\n\r\n")[2])["text"] == "ünï"

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (http('{"ok": false, "error": "used_url"}', status=404), "used_url"),
            (http('{"ok": false, "error": "expired_url"}'), "expired_url"),
            (http("no_active_hooks", status=404, media="text/plain"), "http_404"),
            (http("", status=302, headers="Location: http://127.0.0.1:9/\r\n"), "http_302"),
            (http("", status=503), "http_503"),
            (RESET, "connection"),
        ],
    )
    async def test_a_response_url_that_is_spent(self, answer: bytes, code: str, clock: FakeClock) -> None:
        async with CannedServer(answer) as server, connected(server.url, clock) as api:
            with pytest.raises(SlackError) as caught:
                await api.respond(f"{server.url}T1/secret", {"text": "Hello."})
        assert caught.value.code == code
        assert "secret" not in str(caught.value)
        assert len(server.requests) == 1


class TestUpload:
    async def test_a_file_in_three_steps(self, clock: FakeClock) -> None:
        async with CannedServer(OK) as server, connected(server.url, clock) as api:
            place = json.dumps({"ok": True, "upload_url": f"{server.url}up/secret", "file_id": "F1"})
            server.answers.extendleft([http("OK - 5", media="text/plain"), http(place)])
            await api.upload("T1", "D1", "saved.bib", b"@misc", comment="2 papers")
        asked, put, completed = (sent(request) for request in server.requests)
        assert asked[0] == "POST /api/files.getUploadURLExternal HTTP/1.1"
        assert asked[2] == {"filename": "saved.bib", "length": "5"}
        assert put[0] == "POST /api/up/secret HTTP/1.1"
        assert "authorization" not in put[1]
        assert server.requests[1].endswith("\r\n\r\n@misc")
        assert completed[0] == "POST /api/files.completeUploadExternal HTTP/1.1"
        assert json.loads(completed[2].pop("files")) == [{"id": "F1", "title": "saved.bib"}]
        assert completed[2] == {"channel_id": "D1", "initial_comment": "2 papers"}

    async def test_a_place_that_is_none(self, clock: FakeClock) -> None:
        async with CannedServer(http('{"ok": true, "upload_url": 7}')) as server, connected(server.url, clock) as api:
            with pytest.raises(SlackError) as caught:
                await api.upload("T1", "D1", "saved.bib", b"@misc")
        assert caught.value.code == "unreadable"
        assert len(server.requests) == 1

    async def test_a_file_that_is_refused(self, clock: FakeClock) -> None:
        refusal = http("too big", status=413, media="text/plain")
        async with CannedServer(refusal) as server, connected(server.url, clock) as api:
            place = json.dumps({"ok": True, "upload_url": f"{server.url}up/secret", "file_id": "F1"})
            server.answers.appendleft(http(place))
            with pytest.raises(SlackError) as caught:
                await api.upload("T1", "D1", "saved.bib", b"@misc")
        assert (caught.value.code, caught.value.method) == ("http_413", "upload_url")
        assert "secret" not in str(caught.value)


class TestFailures:
    @pytest.mark.parametrize(
        ("answer", "code", "ambiguous", "permanent"),
        [
            (http('{"ok": false, "error": "not_in_channel"}'), "not_in_channel", False, True),
            (http('{"ok": false, "error": "invalid_blocks"}'), "invalid_blocks", False, True),
            (http('{"ok": false, "error": "internal_error"}'), "internal_error", True, False),
            (http('{"ok": false, "error": "fatal_error"}', status=500), "fatal_error", True, False),
            (http('{"ok": false, "error": "brand_new"}'), "brand_new", False, False),
            (http("<html>Sorry</html>", media="text/html"), "unreadable", True, False),
            (http("<html>Sorry</html>", status=503, media="text/html"), "http_503", True, False),
            (http("<html>Sorry</html>", status=404, media="text/html"), "http_404", False, False),
            (http("Sorry", media="text/plain"), "unreadable", True, False),
            (http("Sorry", status=502, media="text/plain"), "http_502", True, False),
            (http("{", media="application/json"), "unreadable", True, False),
            (http("{", status=502), "http_502", True, False),
            (http("\x80", media="application/json; charset=ascii"), "unreadable", True, False),
            (http("[1]"), "unreadable", True, False),
            (http("null"), "unreadable", True, False),
            (http('"ok"'), "unreadable", True, False),
            (http("", media="application/gzip"), "unreadable", True, False),
            (http("zipped", media="application/gzip"), "unreadable", True, False),
            (http(""), "unreadable", True, False),
            (http(" " * 90)[:-9], "timeout", True, False),
            (b"nonsense\r\n\r\n", "connection", True, False),
            (RESET, "connection", True, False),
            (HANG, "timeout", True, False),
        ],
    )
    async def test_whatever_comes_back(
        self, answer: bytes, code: str, ambiguous: bool, permanent: bool, clock: FakeClock
    ) -> None:
        async with CannedServer(answer) as server:
            failing = asyncio.create_task(failure(server.url, clock))
            await server.asked.wait()
            if code == "timeout":
                await clock.advance(15)
            error = await failing
        assert (error.code, error.ambiguous, error.permanent) == (code, ambiguous, permanent)
        assert (error.method, error.workspace) == ("chat.postMessage", "T1")
        assert len(server.requests) == 1, "it was sent again"
        assert TOKEN not in f"{error} {error!r} {error.__dict__}"

    async def test_nothing_was_sent_where_nobody_listens(self, clock: FakeClock) -> None:
        async with CannedServer(OK) as server:
            url = server.url
        error = await failure(url, clock)
        assert (error.code, error.ambiguous, error.permanent) == ("connection", False, False)

    async def test_an_address_that_is_none(self, clock: FakeClock) -> None:
        error = await failure("http://a..b:0x/api/", clock)
        assert (error.code, error.ambiguous) == ("connection", False)

    async def test_each_call_has_its_own_limit(self, clock: FakeClock) -> None:
        async with CannedServer(HANG) as server, connected(server.url, clock) as api:
            calls = [
                asyncio.create_task(api.call("T1", "views.open", timeout=2.0)),
                asyncio.create_task(api.call("T1", "conversations.history", timeout=30.0)),
            ]
            while len(server.requests) < 2:
                await server.asked.wait()
                server.asked.clear()
            await clock.advance(2)
            with pytest.raises(SlackError, match=r"did not answer views\.open in time"):
                await calls[0]
            assert not calls[1].done()
            await clock.advance(28)
            with pytest.raises(SlackError):
                await calls[1]

    async def test_a_call_that_is_cancelled_is_broken_off(self, clock: FakeClock) -> None:
        async with CannedServer(HANG) as server, connected(server.url, clock) as api:
            call = asyncio.create_task(api.call("T1", "chat.postMessage"))
            await server.asked.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    async def test_tokens_and_messages_stay_out_of_the_log(
        self, clock: FakeClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://ann:open-sesame@127.0.0.1:9")
        caplog.set_level(logging.DEBUG)
        refusal = http('{"ok": false, "error": "invalid_auth"}')
        async with CannedServer(refusal) as server, connected(server.url, clock) as api:
            with pytest.raises(SlackError):
                await api.call("T1", "chat.postMessage", text="between us")
            assert "sesame" not in repr(await api.credentials("T1"))
        assert "sesame" not in caplog.text
        assert "between us" not in caplog.text


class TestRetryAfter:
    LIMITED = http('{"ok": false, "error": "ratelimited"}', status=429, headers="Retry-After: 30\r\n")

    async def test_nothing_goes_out_before_it_has_passed(self, clock: FakeClock) -> None:
        async with CannedServer(self.LIMITED, OK) as server, connected(server.url, clock) as api:
            with pytest.raises(SlackError) as first:
                await api.call("T1", "chat.postMessage")
            assert first.value.retry_after == pytest.approx(30.25)
            await clock.advance(29)
            with pytest.raises(SlackError) as second:
                await api.call("T1", "chat.postMessage")
            assert second.value.code == "ratelimited"
            assert second.value.retry_after == pytest.approx(1.25)
            assert not second.value.ambiguous
            assert len(server.requests) == 1
            await clock.advance(1.25)
            assert await api.call("T1", "chat.postMessage")

    async def test_it_holds_for_that_method_and_workspace(self, clock: FakeClock) -> None:
        async with CannedServer(self.LIMITED, OK) as server, connected(server.url, clock) as api:
            with pytest.raises(SlackError):
                await api.call("T1", "chat.postMessage")
            assert await api.call("T1", "conversations.history")
            assert await api.call("T2", "chat.postMessage")

    async def test_an_earlier_one_does_not_shorten_a_later_one(self, clock: FakeClock) -> None:
        shorter = http("", status=429, headers="Retry-After: 1\r\n")
        async with CannedServer(HANG, self.LIMITED, shorter) as server, connected(server.url, clock) as api:
            server.answers.popleft()
            results = await asyncio.gather(
                api.call("T1", "chat.postMessage"), api.call("T1", "chat.postMessage"), return_exceptions=True
            )
            assert [type(result) for result in results] == [SlackError, SlackError]
            with pytest.raises(SlackError) as caught:
                await api.call("T1", "chat.postMessage")
            assert caught.value.retry_after == pytest.approx(30.25)

    async def test_a_429_without_a_word(self, clock: FakeClock) -> None:
        async with CannedServer(http("slow down", status=429, media="text/plain")) as server:
            error = await failure(server.url, clock)
        assert error.code == "ratelimited"


class TestProxies:
    async def test_slack_is_reached_through_the_proxy(self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
        async with CannedServer(OK) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"http://ann:open-sesame@127.0.0.1:{proxy.port}")
            async with connected("http://slack.invalid/api/", clock) as api:
                await api.call("T1", "chat.postMessage")
                await api.respond("http://hooks.slack.invalid/T1", {"text": "Hello."})
        firsts = [sent(request)[0] for request in proxy.requests]
        assert firsts == [
            "POST http://slack.invalid/api/chat.postMessage HTTP/1.1",
            "POST http://hooks.slack.invalid/T1 HTTP/1.1",
        ]
        assert sent(proxy.requests[0])[1]["proxy-authorization"].startswith("Basic ")

    async def test_a_tunnel_that_is_refused_sent_nothing(
        self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with CannedServer(http("", status=407)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://ann:open-sesame@127.0.0.1:{proxy.port}")
            error = await failure("https://slack.invalid/api/", clock)
        assert proxy.requests[0].startswith("CONNECT slack.invalid:443 HTTP/1.1")
        assert (error.code, error.ambiguous) == ("proxy", False)
        assert "sesame" not in str(error)

    async def test_a_proxy_that_is_not_there(self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
        async with CannedServer(OK) as gone:
            port = gone.port
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        error = await failure("https://slack.invalid/api/", clock)
        assert (error.code, error.ambiguous, error.permanent) == ("proxy", False, False)

    def test_which_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert proxy_for("https://slack.com/api/") is None
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("NO_PROXY", "slack.lab.example,10.0.0.0/8")
        assert proxy_for("https://slack.com/api/") == "http://127.0.0.1:1"
        assert proxy_for("https://slack.lab.example/api/") is None
        assert proxy_for("https://10.1.2.3/api/") is None
        assert proxy_for("http://slack.com/api/") is None
        monkeypatch.setenv("http_proxy", "proxy.example:3128")
        assert proxy_for("http://slack.com/api/") == "http://proxy.example:3128"

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "localhost", "slack.localhost", "[::1]"])
    def test_this_machine_is_reached_without_one(self, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        assert proxy_for(f"http://{host}:8100/api/") is None

    @pytest.mark.parametrize(
        "bad", ["socks5://ann:open-sesame@127.0.0.1:1", "http://", "http://[::1", "http://127.0.0.1:port"]
    )
    async def test_an_address_that_is_no_proxys(
        self, bad: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", bad)
        with pytest.raises(ConfigError, match="HTTPS_PROXY") as caught:
            await WebApi(Team(), base_url="https://slack.invalid/api/", clock=clock).open()
        assert "sesame" not in str(caught.value)
        async with connected("http://127.0.0.1:9/api/", clock) as api:
            with pytest.raises(SlackError) as refused:
                await api.respond("https://hooks.slack.invalid/T1", {"text": "Hello."})
        assert (refused.value.code, refused.value.permanent) == ("proxy", True)
