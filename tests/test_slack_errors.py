"""The map from what Slack, its client and the network do to SlackError, and from there to what it means for a post."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest
import slack_sdk.errors

from adapters.slack.errors import CONTENT, SlackError, answered, delivery_error, reading_error, translated
from bot.errors import ConfigError, DeliveryError, UnreadableError

PERMANENT_FOR_A_CHANNEL = [
    "channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel",
    "restricted_action_of_some_new_kind",
]  # fmt: skip
PERMANENT_FOR_A_WORKSPACE = [
    "account_inactive", "token_revoked", "token_expired", "invalid_auth", "not_authed", "missing_scope",
    "not_installed", "team_access_not_granted",
]  # fmt: skip
WRONG_CONTENT = [
    "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text", "metadata_too_large",
]  # fmt: skip
AMBIGUOUS = ["internal_error", "fatal_error"]
FOR_NOW = ["request_timeout", "team_added_to_org", "message_limit_exceeded", "some_code_of_the_future"]


def answer(code: str, status: int = 200, **facts: str) -> SlackError:
    return answered(status, {}, {"ok": False, "error": code, **facts}, method="chat.postMessage", workspace="T1")


def subclasses(root: type[BaseException]) -> Iterator[type[BaseException]]:
    for kind in root.__subclasses__():
        yield kind
        yield from subclasses(kind)


class TestMap:
    @pytest.mark.parametrize(
        "kind",
        sorted(
            {aiohttp.ClientError, *subclasses(aiohttp.ClientError), *subclasses(slack_sdk.errors.SlackClientError)}
            - {slack_sdk.errors.SlackApiError},
            key=str,
        ),
    )
    def test_every_exception_of_the_clients_is_in_it(self, kind: type[BaseException]) -> None:
        with pytest.raises(SlackError), translated("chat.postMessage", "T1"):
            raise kind.__new__(kind)

    @pytest.mark.parametrize(
        ("error", "code", "ambiguous"),
        [
            (TimeoutError(), "timeout", True),
            (aiohttp.ServerTimeoutError(), "timeout", True),
            (aiohttp.SocketTimeoutError(), "timeout", True),
            (aiohttp.ConnectionTimeoutError(), "connection", False),
            (aiohttp.ServerDisconnectedError(), "connection", True),
            (aiohttp.ClientOSError(104, "Connection reset by peer"), "connection", True),
            (ConnectionResetError(), "connection", True),
            (aiohttp.ClientPayloadError("cut off"), "unreadable", True),
            (ValueError("no JSON"), "unreadable", True),
            (slack_sdk.errors.SlackRequestError("xoxb-secret"), "unreadable", True),
            (aiohttp.InvalidURL("http://["), "connection", False),
            (ConfigError(["HTTPS_PROXY"]), "proxy", False),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
    )
    def test_what_is_ambiguous(self, error: Exception, code: str, ambiguous: bool) -> None:
        with pytest.raises(SlackError) as caught, translated("chat.postMessage", "T1"):
            raise error
        assert (caught.value.code, caught.value.ambiguous) == (code, ambiguous)
        assert "secret" not in str(caught.value)
        assert caught.value.__suppress_context__

    def test_a_defect_and_a_cancellation_pass(self) -> None:
        for kind in (KeyError, asyncio.CancelledError):
            with pytest.raises(kind), translated("chat.postMessage", "T1"):
                raise kind


class TestAnswers:
    @pytest.mark.parametrize("code", AMBIGUOUS)
    def test_slacks_own_failures_are_ambiguous(self, code: str) -> None:
        assert answer(code).ambiguous
        assert not answer(code).permanent

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_so_is_every_answer_of_a_broken_server(self, status: int) -> None:
        assert answer("account_inactive", status).ambiguous
        assert delivery_error(answer("account_inactive", status), "paperroute").ambiguous
        broken = answered(status, {}, None, method="chat.postMessage", workspace="T1")
        assert (broken.code, broken.ambiguous) == (f"http_{status}", True)

    @pytest.mark.parametrize("status", [301, 400, 403, 404, 407, 413])
    def test_a_refusal_without_a_word_is_not(self, status: int) -> None:
        refused = answered(status, {}, None, method="chat.postMessage", workspace="T1")
        assert (refused.code, refused.ambiguous, refused.permanent) == (f"http_{status}", False, False)

    @pytest.mark.parametrize("body", [None, [], "ok", {}, {"ok": False}, {"ok": False, "error": None}])
    def test_an_answer_that_says_nothing_is_ambiguous(self, body: object) -> None:
        unreadable = answered(200, {}, body, method="chat.postMessage", workspace="T1")
        assert (unreadable.code, unreadable.ambiguous) == ("unreadable", True)

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "17"}, 17.0),
            ({"retry-after": "0"}, 0.0),
            ({"RETRY-AFTER": "-3"}, 0.0),
            ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
            ({"Retry-After": "nan"}, 30.0),
            ({"Retry-After": "inf"}, 30.0),
            ({}, 30.0),
        ],
    )
    def test_how_long_to_wait(self, headers: dict[str, str], seconds: float) -> None:
        for status, code in ((429, "ratelimited"), (429, ""), (200, "ratelimited"), (200, "rate_limited")):
            limited = answered(status, headers, {"error": code}, method="chat.postMessage", workspace="T1")
            assert (limited.code, limited.retry_after, limited.ambiguous) == ("ratelimited", seconds, False)

    def test_the_missing_scope_is_named(self) -> None:
        assert (
            answer("missing_scope", needed="channels:history,groups:history").needed
            == "channels:history,groups:history"
        )
        assert answer("not_in_channel", needed="chat:write").needed == ""

    def test_words_are_harmless(self) -> None:
        strange = answer("<!channel> `x` " + "y" * 200)
        assert set("<>!` ").isdisjoint(strange.code)
        assert len(strange.code) <= 80


class TestDelivery:
    @pytest.mark.parametrize("code", PERMANENT_FOR_A_CHANNEL + PERMANENT_FOR_A_WORKSPACE)
    def test_what_a_person_must_settle_pauses_with_a_remedy(self, code: str) -> None:
        error = delivery_error(answer(code), "daily_papers")
        assert error.permanent
        assert error.message.endswith(".")
        assert error.remedy.endswith(".")
        assert (error.ambiguous, error.ends_channel, error.thread_gone) == (False, False, False)
        assert "{" not in error.message + error.remedy

    def test_the_remedy_names_the_bot_as_it_is_called_there(self) -> None:
        assert "`/invite @daily_papers`" in delivery_error(answer("not_in_channel"), "daily_papers").remedy

    def test_the_missing_scope_is_named(self) -> None:
        assert "`chat:write`" in delivery_error(answer("missing_scope", needed="chat:write"), "paperroute").message
        assert "it needs" in delivery_error(answer("missing_scope"), "paperroute").message

    @pytest.mark.parametrize("code", WRONG_CONTENT)
    def test_a_message_that_is_refused_is_a_defect(self, code: str) -> None:
        assert code in CONTENT
        error = delivery_error(answer(code), "paperroute")
        assert error.permanent
        assert code in error.message

    @pytest.mark.parametrize("code", AMBIGUOUS)
    def test_ambiguous(self, code: str) -> None:
        error = delivery_error(answer(code), "paperroute")
        assert (error.ambiguous, error.permanent) == (True, False)

    @pytest.mark.parametrize("code", FOR_NOW)
    def test_anything_else_may_work_later(self, code: str) -> None:
        error = delivery_error(answer(code), "paperroute")
        assert (error.ambiguous, error.permanent, error.retry_after) == (False, False, None)

    def test_a_limit_holds_for_the_workspace(self) -> None:
        limited = SlackError("ratelimited", method="chat.postMessage", workspace="T1", retry_after=7.5)
        error = delivery_error(limited, "paperroute")
        assert (error.retry_after, error.workspace_wide, error.permanent) == (7.5, True, False)


class TestReading:
    @pytest.mark.parametrize("code", ["missing_scope", "not_in_channel", "channel_not_found", "token_revoked"])
    def test_a_history_that_is_not_given_out_decides_nothing(self, code: str) -> None:
        error = reading_error(answer(code, needed="channels:history"), "paperroute")
        assert isinstance(error, UnreadableError)
        assert (error.permanent, error.ends_channel) == (False, False)
        assert error.remedy in error.message

    def test_a_scope_is_named(self) -> None:
        error = reading_error(answer("missing_scope", needed="groups:history"), "paperroute")
        assert "`groups:history`" in error.message

    @pytest.mark.parametrize("code", [*AMBIGUOUS, *FOR_NOW])
    def test_other_errors_are_for_now(self, code: str) -> None:
        error = reading_error(answer(code), "paperroute")
        assert not isinstance(error, UnreadableError)
        assert (error.permanent, error.ambiguous) == (False, False)

    def test_a_limit_of_reading_does_not_hold_up_posting(self) -> None:
        limited = SlackError("ratelimited", method="conversations.history", workspace="T1", retry_after=60.0)
        error = reading_error(limited, "paperroute")
        assert (type(error), error.retry_after, error.workspace_wide) == (DeliveryError, 60.0, False)
