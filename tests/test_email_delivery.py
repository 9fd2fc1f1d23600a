"""Digests by e-mail, each once: a real mail server that refuses, hangs and drops, a real store and dispatcher."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiosmtplib
import pytest

from adapters.email import EmailChat
from adapters.email.doctor import examine
from adapters.email.errors import Stage, mapped
from adapters.email.submission import MOST_AT_ONCE
from bot.channel_schedule import Schedule
from bot.errors import DeliveryError, NoHistoryError
from bot.mailing import MailSubscription
from bot.models import Layout, Post, PostKind
from bot.ports import Store
from tests.chat_contract import HOSTILE, make_entry, make_post
from tests.delivery_kit import DrivenClock, announce, make_dispatcher, watch
from tests.email_kit import ADDRESS, SENDER, settings, started, subscribe
from tests.factories import CHANNEL
from tests.standins.certificates import make_certificate
from tests.standins.chat import MemoryChat
from tests.standins.clock import FakeClock
from tests.standins.smtp import PASSWORD, USER, Fault, MailServer, mail_server
from tests.store_kit import open_store


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
async def mine(store: Store, clock: FakeClock) -> MailSubscription:
    return await subscribe(store, clock.now())


@pytest.fixture
async def chat(server: MailServer, store: Store, clock: FakeClock, mine: MailSubscription) -> AsyncIterator[EmailChat]:
    async with started(settings(server, timeout=0.25), store, clock) as made:
        yield made


def a_post(subscription: MailSubscription, number: int = 1) -> Post:
    return make_post(subscription.channel.ref, PostKind.DIGEST, make_entry(number))


async def test_proposals_stand_below_their_heading_with_their_reason(
    chat: EmailChat, server: MailServer, mine: MailSubscription
) -> None:
    proposed = [replace(make_entry(number), because="because you saved “<A> & B”") for number in (2, 3)]
    await chat.send(mine.channel.ref, make_post(mine.channel.ref, PostKind.DIGEST, make_entry(1), *proposed))
    (mail,) = server.mails
    plain, html = mail.part("plain"), mail.part("html")
    assert plain.count("More like what this channel saves") == html.count("More like what this channel saves") == 1
    assert plain.index("\n1. ") < plain.index("\nMore like what this channel saves\n\n2. ") < plain.index("\n3. ")
    assert plain.count(" · because you saved “<A> & B”") == 2
    assert html.count("because you saved “&lt;A&gt; &amp; B”") == 2


async def test_a_mail_is_what_it_should_be(chat: EmailChat, server: MailServer, mine: MailSubscription) -> None:
    post = a_post(mine)
    sent = await chat.send(mine.channel.ref, post)
    (mail,) = server.mails
    assert (mail.sender, mail.recipient) == (SENDER, ADDRESS)
    message = mail.message
    assert message["From"] == f"Papers <{SENDER}>"
    assert message["To"] == ADDRESS
    assert message["Subject"] == "1 new papers · Wednesday 4 March 2026 · reading"
    assert message["Date"].datetime == FakeClock().now()
    assert message["Message-ID"] == f"<{sent.message}>" == f"<{post.key}@lab.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == f"<mailto:{SENDER}?subject=unsubscribe%20w7q2>"
    assert "List-Unsubscribe-Post" not in message
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert "https://arxiv.org/pdf/2603.00001" in mail.part("plain")
    assert "reading on Console" in mail.part("plain")
    assert "/papers email stop" in mail.part("html")


async def test_a_line_with_a_dot_alone_ends_nothing(
    chat: EmailChat, server: MailServer, mine: MailSubscription
) -> None:
    words = "one\n.\nQUIT\n..\n.two"
    await chat.send(mine.channel.ref, make_post(mine.channel.ref, PostKind.NOTICE, text=words))
    (mail,) = server.mails
    assert [line for line in mail.part("plain").splitlines() if line][1:6] == ["one", ".", "QUIT", "..", ".two"]


async def test_names_that_strangers_chose_stay_in_their_place(
    server: MailServer, store: Store, clock: FakeClock
) -> None:
    known = settings(server, sender_name="Überblick, «Papiere»")
    async with started(known, store, clock) as chat:
        for number, name in enumerate((*HOSTILE, "x\r\nBcc: evil@x.example\r\n\r\nbody", "=?utf-8?q?x?=", "é" * 500)):
            source = replace(CHANNEL, channel=f"c{number}")
            made = await subscribe(store, clock.now(), source=source, name=name, workspace=f"w{number}")
            await chat.send(made.channel.ref, a_post(made))
    assert {mail.recipient for mail in server.mails} == {ADDRESS}
    for mail in server.mails:
        assert [mail.message[name] is None for name in ("To", "Subject", "Bcc", "Cc")] == [False, False, True, True]
        assert mail.message["To"] == ADDRESS
        assert mail.message["From"].addresses[0].display_name == "Überblick, «Papiere»"
        assert mail.message["Subject"].startswith("1 new papers · Wednesday 4 March 2026")
        assert not any(part.defects for part in mail.message.walk())


REFUSALS = [
    ("RCPT", "550 5.1.1 <me@lab.example>: no such user", True, "refuses the address for good (550 5.1.1)"),
    ("RCPT", "450 4.2.0 <me@lab.example>: greylisted", False, "refuses the address for now (450 4.2.0)"),
    ("RCPT", "552 5.2.2 mailbox full", False, "refuses the address for now (552 5.2.2)"),
    ("DATA", "554 5.7.1 spam", True, "refuses the message for good (554 5.7.1)"),
    ("DATA", "451 local error", False, "refuses the message for now (451)"),
    ("MAIL", "550 5.7.1 not you", False, "refuses the sender for now (550 5.7.1)"),
]


async def test_a_refusal_is_for_good_or_for_now(chat: EmailChat, server: MailServer, mine: MailSubscription) -> None:
    for command, answer, permanent, said in REFUSALS:
        server.refusals = {command: answer}
        with pytest.raises(DeliveryError) as caught:
            await chat.send(mine.channel.ref, a_post(mine))
        error = caught.value
        assert (error.permanent, error.ambiguous) == (permanent, False)
        assert error.message == f"The mail server {said}."
        assert await chat.find(mine.channel.ref, a_post(mine)) is None
    server.refusals = {}
    assert await chat.send(mine.channel.ref, a_post(mine))


async def test_what_is_lost_before_the_end_of_the_data_was_not_sent(
    chat: EmailChat, server: MailServer, mine: MailSubscription
) -> None:
    for number, fault in enumerate((Fault.DROP_AT_DATA, Fault.DROP_IN_DATA, Fault.HANG_AT_DATA), 1):
        server.faults.append(fault)
        with pytest.raises(DeliveryError) as caught:
            await chat.send(mine.channel.ref, a_post(mine, number))
        assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
        assert await chat.find(mine.channel.ref, a_post(mine, number)) is None
        await chat.send(mine.channel.ref, a_post(mine, number))
        assert len(server.mails) == number


async def test_what_is_lost_after_it_may_have_been(chat: EmailChat, server: MailServer, mine: MailSubscription) -> None:
    for number, fault in enumerate((Fault.DROP_AFTER_END, Fault.HANG_AFTER_END, Fault.NONSENSE_AFTER_END), 1):
        server.faults.append(fault)
        with pytest.raises(DeliveryError) as caught:
            await chat.send(mine.channel.ref, a_post(mine, number))
        assert (caught.value.permanent, caught.value.ambiguous) == (False, True)
        with pytest.raises(NoHistoryError):
            await chat.find(mine.channel.ref, a_post(mine, number))


async def test_cut_off_while_the_server_thinks_it_may_have_been_sent(
    chat: EmailChat, server: MailServer, mine: MailSubscription
) -> None:
    server.faults.append(Fault.HANG_AFTER_END)
    sending = asyncio.create_task(chat.send(mine.channel.ref, a_post(mine)))
    await server.until(1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    with pytest.raises(NoHistoryError):
        await chat.find(mine.channel.ref, a_post(mine))


async def test_nobody_there(store: Store, clock: FakeClock, mine: MailSubscription) -> None:
    async with mail_server() as gone:
        pass
    async with started(settings(gone), store, clock) as chat:
        with pytest.raises(DeliveryError) as caught:
            await chat.send(mine.channel.ref, a_post(mine))
    assert caught.value.message == "The mail server cannot be reached, or its certificate is not to be trusted."
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


async def test_unsubscribed_in_the_meantime_nothing_is_sent(
    chat: EmailChat, server: MailServer, store: Store, clock: FakeClock, mine: MailSubscription
) -> None:
    await store.end_subscription(mine.channel.ref, None, clock.now())
    with pytest.raises(DeliveryError) as caught:
        await chat.send(mine.channel.ref, a_post(mine))
    assert caught.value.ends_channel
    assert server.connections == 0


async def test_a_few_connections_at_a_time(chat: EmailChat, server: MailServer, mine: MailSubscription) -> None:
    await asyncio.gather(*(chat.send(mine.channel.ref, a_post(mine, number)) for number in range(1, 13)))
    assert len({mail.message["Message-ID"] for mail in server.mails}) == server.connections == 12
    assert 1 < server.most_connections <= MOST_AT_ONCE


async def test_encrypted_and_logged_in(store: Store, clock: FakeClock, mine: MailSubscription, tmp_path: Path) -> None:
    context, trusted = make_certificate(tmp_path)
    async with mail_server(context, login=True) as server:
        known = settings(server, starttls=True, user=USER, password=PASSWORD, ca_file=str(trusted))
        async with started(known, store, clock) as chat:
            await chat.send(mine.channel.ref, a_post(mine))
        assert [mail.recipient for mail in server.mails] == [ADDRESS]
        for wrong, said in (
            ({"password": "wrong"}, "The mail server refuses the login for now (535 5.7.8)."),
            ({"ca_file": ""}, "The mail server's certificate is not to be trusted, or the connection failed."),
            ({"tls": True}, "The mail server cannot be reached, or its certificate is not to be trusted."),
        ):
            async with started(replace(known, **wrong), store, clock) as chat:
                with pytest.raises(DeliveryError) as caught:
                    await chat.send(mine.channel.ref, a_post(mine, 2))
                assert (caught.value.message, caught.value.permanent) == (said, False)
        assert len(server.mails) == 1
        assert PASSWORD not in repr(known)


async def test_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    context, trusted = make_certificate(tmp_path)
    async with mail_server(context, login=True) as server:
        known = settings(server, starttls=True, user=USER, password="wrong", ca_file=str(trusted))
        login, link = [finding async for finding in examine(known)]
        assert login.said == f"127.0.0.1:{server.port}: The mail server refuses the login for now (535 5.7.8)."
        assert login.remedy == "Check address, port, user and password of SMTP_URL."
        assert link.well
        right = replace(known, password=PASSWORD, public_url="https://papers.lab.example")
        login, link = [finding async for finding in examine(right)]
        assert (
            login.said == f"127.0.0.1:{server.port} takes our connection, encrypted, logged in; mail is from {SENDER}"
        )
        assert link.said == "one click in a mail does it, at https://papers.lab.example"
    assert server.mails == []


async def test_without_starttls_nothing_is_said(store: Store, clock: FakeClock, mine: MailSubscription) -> None:
    async with mail_server() as server, started(settings(server, starttls=True), store, clock) as chat:
        with pytest.raises(DeliveryError) as caught:
            await chat.send(mine.channel.ref, a_post(mine))
        assert caught.value.message == "The mail server lacks what the settings ask for: STARTTLS, or a login."
        assert server.mails == []


def raised_by_the_library() -> list[type[Exception]]:
    kinds = [kind for kind in vars(aiosmtplib).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 10
    return kinds


@pytest.mark.parametrize("stage", Stage)
def test_whatever_the_library_raises_is_understood(stage: Stage) -> None:
    for kind in [*raised_by_the_library(), OSError, TimeoutError, ConnectionResetError, EOFError]:
        candidates: tuple[tuple[object, ...], ...] = ((550, "no"), (550, "no", "x"), ("no",), ([],))
        for arguments in candidates:
            try:
                error = kind(*arguments)
            except TypeError:
                continue
            with pytest.raises(DeliveryError) as caught, mapped(stage):
                raise error
            response = isinstance(error, aiosmtplib.SMTPResponseException)
            assert caught.value.ambiguous == (stage is Stage.END and not response)


async def digests(store: Store, clock: FakeClock, subscription: MailSubscription) -> None:
    """Let the address be due now."""
    await store.set_due(subscription.channel.ref, clock.now())


async def test_from_the_announcement_to_the_mail_once(store: Store, server: MailServer) -> None:
    clock = DrivenClock()
    await watch(store, clock, layout=Layout.DIGEST)
    mine = await subscribe(store, clock.now())
    await announce(store, clock, 2, 3)
    await digests(store, clock, mine)
    console = MemoryChat()
    async with started(settings(server), store, clock) as chat:
        dispatcher = make_dispatcher(store, clock, console, chat)
        await clock.drive(dispatcher.drain())
        await digests(store, clock, mine)
        await clock.drive(dispatcher.drain())
        await dispatcher.stop()
    (mail,) = server.mails
    assert mail.message["Subject"].startswith("2 new papers · ")
    assert mail.part("plain").count("https://arxiv.org/abs/") == 2
    assert "3 announced, 3 checked, 2 matched" in mail.part("plain")
    assert "matched delivery" in mail.part("plain")
    assert [len(message.post.entries) for message in console.messages] == [2]


async def test_a_refused_address_is_paused_with_a_word_in_its_channel(store: Store, server: MailServer) -> None:
    clock = DrivenClock()
    await watch(store, clock, schedule="off UTC")
    mine = await subscribe(store, clock.now())
    await announce(store, clock, 2)
    await digests(store, clock, mine)
    server.refusals["RCPT"] = f"550 5.1.1 <{ADDRESS}>: unknown"
    console = MemoryChat()
    async with started(settings(server), store, clock) as chat:
        dispatcher = make_dispatcher(store, clock, console, chat)
        await clock.drive(dispatcher.drain())
        await dispatcher.stop()
    (notice,) = console.messages
    assert notice.post.channel == CHANNEL
    assert notice.post.text == (
        "A digest of this channel by e-mail is paused. The mail server refuses the address for good (550 5.1.1). "
        "Whoever set it up sees more with `/papers email`, and brings it back by setting it up again."
    )
    paused = await store.mail_subscription(mine.channel.ref)
    assert paused is not None
    assert paused.channel.paused == "The mail server refuses the address for good (550 5.1.1)."


async def test_a_channel_that_is_gone_takes_its_addresses_along(store: Store, server: MailServer) -> None:
    clock = DrivenClock()
    await watch(store, clock)
    mine = await subscribe(store, clock.now())
    await announce(store, clock, 2)
    console = MemoryChat()
    console.refusals[CHANNEL] = DeliveryError("The channel was deleted.", permanent=True, ends_channel=True)
    async with started(settings(server), store, clock) as chat:
        dispatcher = make_dispatcher(store, clock, console, chat)
        await clock.drive(dispatcher.drain())
        await digests(store, clock, mine)
        await clock.drive(dispatcher.drain())
        await dispatcher.stop()
    assert await store.mirrors(CHANNEL) == []
    assert server.mails == []


async def test_a_server_that_is_down_is_waited_for(store: Store, server: MailServer) -> None:
    clock = DrivenClock()
    await watch(store, clock, schedule="off UTC")
    mine = await subscribe(store, clock.now())
    await announce(store, clock, 2)
    await digests(store, clock, mine)
    server.faults += [Fault.DROP_AT_DATA, Fault.DROP_IN_DATA]
    async with started(settings(server), store, clock) as chat:
        dispatcher = make_dispatcher(store, clock, chat)
        done = await clock.drive(dispatcher.drain())
        await dispatcher.stop()
    assert (done.sent, done.dead, len(server.mails)) == (1, 0, 1)


async def test_a_lost_answer_brings_nothing_twice_and_holds_nothing_up(store: Store, server: MailServer) -> None:
    clock = DrivenClock()
    await watch(store, clock, schedule="off UTC")
    mine = await subscribe(store, clock.now())
    server.faults.append(Fault.DROP_AFTER_END)
    async with started(settings(server), store, clock) as chat:
        dispatcher = make_dispatcher(store, clock, chat)
        for number in (2, 3):
            await announce(store, clock, number)
            await digests(store, clock, mine)
            await clock.drive(dispatcher.drain())
        await dispatcher.stop()
    assert ["2603.00002" in mail.part("plain") for mail in server.mails] == [True, False]
    assert ["2603.00003" in mail.part("plain") for mail in server.mails] == [False, True]
    assert (await store.channel_status(mine.channel.ref)).uncertain == 1


@pytest.mark.parametrize(("fault", "mails"), [(Fault.HANG_AFTER_END, 1), (Fault.HANG_AT_DATA, 1)])
async def test_a_process_that_dies_while_it_sends_leaves_no_doubt_that_need_not_be(
    tmp_path: Path, server: MailServer, fault: Fault, mails: int
) -> None:
    clock = DrivenClock()
    server.faults.append(fault)
    async with open_store(tmp_path) as store:
        await watch(store, clock, schedule="off UTC")
        mine = await subscribe(store, clock.now())
        await announce(store, clock, 2)
        await digests(store, clock, mine)
        async with started(settings(server), store, clock) as chat:
            dispatcher = make_dispatcher(store, clock, chat)
            running = asyncio.create_task(dispatcher.run())
            if fault is Fault.HANG_AFTER_END:
                await server.until(1)
            else:
                await server.hanging.wait()
            await dispatcher.stop(grace=0)
            await running
    async with open_store(tmp_path) as store, started(settings(server), store, clock) as chat:
        dispatcher = make_dispatcher(store, clock, chat)
        await clock.drive(dispatcher.drain())
        await dispatcher.stop()
        status = await store.channel_status(mine.channel.ref)
    assert len(server.mails) == mails
    assert status.uncertain == (fault is Fault.HANG_AFTER_END)


async def test_the_next_mail_follows_its_own_schedule(store: Store, server: MailServer) -> None:
    clock = DrivenClock()
    await watch(store, clock, schedule="instant UTC")
    schedule = Schedule.parse("daily 08:00 every day", "UTC")
    mine = await subscribe(store, clock.now(), next_due=schedule.next_after(clock.now()))
    await announce(store, clock, 2)
    assert [channel.ref for channel in await store.due_channels(["email"], clock.now(), 9)] == []
    morning = clock.now() + timedelta(hours=20)
    assert [channel.ref for channel in await store.due_channels(["email"], morning, 9)] == [mine.channel.ref]
