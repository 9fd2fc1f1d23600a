"""`email`: from an address over a code to a digest, and back; limits; what nobody else sees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation import ChannelChange, ChannelChangeKind
from bot.errors import DeliveryError
from bot.models import ChannelRef
from tests.commands_kit import Room, numbered, open_room
from tests.factories import ANN, BOB, CHANNEL
from tests.standins.clock import FakeClock

OTHER = replace(CHANNEL, channel="other")
AWAY = replace(CHANNEL, workspace="away")
STRANGER = replace(ANN, workspace="away")


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as made:
        await made.announce(numbered(1), backfill=True)
        yield made


def codes(room: Room) -> list[tuple[str, str, str]]:
    assert room.postbox is not None
    return room.postbox.codes


async def subscribed(room: Room, address: str = "me@lab.org", when: str = "", channel: ChannelRef = CHANNEL) -> str:
    """Ask for an address and enter its code; what the last reply says."""
    await room.say(f"email {address} {when}", channel=channel)
    return await room.told(f"email {codes(room)[-1][1]}", channel=channel)


async def addresses(room: Room, channel: ChannelRef = CHANNEL) -> list[str]:
    return [mirror.address for mirror in await room.store.mirrors(channel)]


async def test_from_an_address_over_a_code_to_a_digest(room: Room) -> None:
    await room.say("watch study")
    asked = await room.say("email Me@Lab.org daily 08:00")
    assert (asked.public, asked.error) == (False, False)
    assert asked.text == (
        "A code is on its way to `me@lab.org`. Type `/papers email CODE` with it within 30 minutes: "
        "then this channel's digest comes every weekday at 08:00 (Europe/Berlin)."
    )
    ((address, code, platform),) = codes(room)
    assert (address, platform) == ("me@lab.org", "Console")
    assert code not in asked.text
    assert await addresses(room) == []
    confirmed = await room.say(f"email {code.lower().replace('-', ' ')}")
    assert not confirmed.public
    assert confirmed.text == (
        "This channel's digest comes to `me@lab.org` every weekday at 08:00 (Europe/Berlin), next on "
        "Thu 5 March 08:00 (Europe/Berlin). Each mail says how to stop it, and `/papers email stop` does it from here."
    )
    await room.announce(numbered(2, first=5))
    (mirror,) = await room.store.mirrors(CHANNEL)
    assert len(await room.store.waiting(mirror.channel.ref)) == 3
    assert (await room.say(f"email {code}")).error


async def test_in_a_direct_message_it_is_about_what_one_watches_there(room: Room) -> None:
    asked = await room.say("email me@lab.org weekly mon 9am Asia/Tokyo", direct=True)
    assert "then what you watch here comes every Monday at 09:00 (Asia/Tokyo)." in asked.text
    said = await room.say(f"email {codes(room)[-1][1]}", direct=True)
    assert said.text.startswith("What you watch here comes to `me@lab.org` every Monday")
    assert "There is no watch yet: `/papers watch RLHF` makes one." in said.text


async def test_one_s_own_list_is_nobody_else_s_business(room: Room) -> None:
    assert "You get nothing by e-mail yet. For example: `/papers email me@lab.org daily 08:00`." in (
        await room.told("email")
    )
    await subscribed(room)
    await subscribed(room, "ann@lab.org", "weekly fri 07:30 UTC", channel=OTHER)
    mine = await room.say("email")
    assert not mine.public
    berlin = "every weekday at 08:00 (Europe/Berlin), next on Thu 5 March 08:00 (Europe/Berlin)."
    assert mine.text.splitlines()[:3] == [
        "You get 2 digests by e-mail:",
        f"`me@lab.org`: reading on Console, {berlin}",
        "`ann@lab.org`: reading on Console, every Friday at 07:30 (UTC), next on Fri 6 March 07:30 (UTC).",
    ]
    for somebody in (BOB, STRANGER):
        told = await room.told("email", by=somebody)
        assert "lab.org:" not in told
        assert (await room.say("email stop me@lab.org", by=somebody)).error
    assert await addresses(room) == ["me@lab.org"]


async def test_members_of_the_channel_learn_how_many_and_not_where(room: Room) -> None:
    await room.say("watch study")
    for said in (await room.told("list"), await room.told("status")):
        assert "by e-mail" not in said
    await subscribed(room)
    await subscribed(room, "ann@lab.org")
    for said in (await room.told("list", by=BOB), await room.told("status", by=BOB)):
        assert "Also by e-mail to 2 addresses." in said
        assert "lab.org" not in said


async def test_only_the_member_who_asked_can_confirm(room: Room) -> None:
    await room.say("email me@lab.org")
    code = codes(room)[-1][1]
    for somebody in (BOB, STRANGER):
        assert (await room.say(f"email {code}", by=somebody)).error
    assert await addresses(room) == []
    assert not (await room.say(f"email {code}", channel=OTHER)).error
    assert (await addresses(room), await addresses(room, OTHER)) == (["me@lab.org"], [])


async def test_a_code_ends_after_half_an_hour(room: Room) -> None:
    await room.say("email me@lab.org")
    room.clock.set(room.clock.now() + timedelta(minutes=30))
    said = await room.told(f"email {codes(room)[-1][1]}")
    assert said == (
        "That code is not valid: it was mistyped, entered before, is older than 30 minutes, or somebody else asked "
        "for it. `/papers email me@lab.org daily 08:00` mails a new one."
    )


async def test_three_codes_a_day_and_ten_guesses(room: Room) -> None:
    for _ in range(3):
        assert not (await room.say("email me@lab.org")).error
    assert "and more is not possible" in await room.told("email me@lab.org")
    assert "and more is not possible" in await room.told("email you@lab.org")
    assert "and more is not possible" in await room.told("email me+1@lab.org", by=BOB)
    assert len(codes(room)) == 3
    for _ in range(10):
        await room.say("email AAAA-AAAA-AAAA")
    assert "You have entered 10 wrong codes." in await room.told(f"email {codes(room)[-1][1]}")


async def test_five_addresses_a_member(room: Room) -> None:
    for number in range(5):
        await subscribed(room, f"me{number}@lab.org")
        room.clock.set(room.clock.now() + timedelta(days=1))
    before = len(codes(room))
    assert await room.told("email me5@lab.org") == (
        "You have 5 addresses already, and more is not possible. "
        "`/papers email` shows them, `/papers email stop ADDRESS` ends one."
    )
    assert len(codes(room)) == before
    assert not (await room.say("email me4@lab.org", channel=OTHER)).error


async def test_another_schedule_takes_no_code(room: Room) -> None:
    await subscribed(room)
    said = await room.told("email me@lab.org weekly tue 10:00 UTC")
    assert said == (
        "This channel's digest now comes to `me@lab.org` every Tuesday at 10:00 (UTC), "
        "next on Tue 10 March 10:00 (UTC)."
    )
    assert len(codes(room)) == 1


async def test_what_a_server_refused_is_shown_and_brought_back(room: Room) -> None:
    await subscribed(room)
    (mirror,) = await room.store.mirrors(CHANNEL)
    await room.store.set_paused(mirror.channel.ref, "The mail server refuses it.", None, room.clock.now())
    assert (
        "`me@lab.org`: reading on Console, paused (The mail server refuses it). "
        "To bring it back: `/papers email me@lab.org daily 08:00 weekdays Europe/Berlin`."
    ) in await room.told("email")
    assert "now comes to `me@lab.org`" in await room.told("email me@lab.org daily 08:00 weekdays Europe/Berlin")
    (mirror,) = await room.store.mirrors(CHANNEL)
    assert mirror.channel.paused == ""


async def test_stopping(room: Room) -> None:
    assert await room.told("email stop") == (
        "You get nothing from this channel by e-mail. `/papers email` shows what you get."
    )
    await subscribed(room)
    await subscribed(room, channel=OTHER)
    assert await room.told("email stop") == "No more mail comes from:\nreading to `me@lab.org`"
    assert (await addresses(room), await addresses(room, OTHER)) == ([], ["me@lab.org"])
    await subscribed(room)
    said = await room.say("email STOP me@lab.org")
    assert said.text.count("reading to `me@lab.org`") == 2
    assert not said.public
    assert (await addresses(room), await addresses(room, OTHER)) == ([], [])
    assert await room.told("email stop me@lab.org") == (
        "You get nothing at `me@lab.org`. `/papers email` shows what you get."
    )


async def test_whoever_manages_the_workspace_may_stop_an_address_of_the_channel(room: Room) -> None:
    await subscribed(room)
    assert (await room.say("email stop me@lab.org", by=BOB, channel=OTHER, administers=True)).error
    assert (await room.say("email stop me@lab.org", by=STRANGER, channel=AWAY, administers=True)).error
    assert not (await room.say("email stop me@lab.org", by=BOB, administers=True)).error
    assert await addresses(room) == []


MISTAKES = {
    "me@lab": "`me@lab` has no domain that can exist.",
    "@lab.org": "`@lab.org` is not an e-mail address. For example: `/papers email me@lab.org daily 08:00`.",
    "jürgen@lab.org": "has letters before the @ that not every mail server takes.",
    "a@lab.org,b@lab.org": "is not an e-mail address.",
    "me@lab.org instant": "Mail comes daily or weekly, not `instant`.",
    "me@lab.org daly 08:00": "A schedule cannot begin with “daly”. Did you mean `daily`?",
    "me@lab.org\nBcc: you@lab.org": "A schedule cannot begin with “Bcc:”.",
    "a\x0bBcc:b@lab.org": "`a Bcc:b@lab.org` is neither an address nor a code",
    "nonsense": "`nonsense` is neither an address nor a code, which has 12 letters and digits.",
    "stop nonsense": "`nonsense` is not an e-mail address.",
}


async def test_what_cannot_be_understood_is_a_sentence_and_mails_nothing(room: Room) -> None:
    for typed, reason in MISTAKES.items():
        reply = await room.say(f"email {typed}")
        assert (reply.error, reply.public) == (True, False)
        assert reason in reply.text
    assert codes(room) == []


async def test_a_domain_in_any_script(room: Room) -> None:
    await room.say("email Me@Bücher.example")
    assert codes(room)[-1][0] == "me@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (DeliveryError("The mail server refuses the address for good (550).", permanent=True), "Check the address."),
        (DeliveryError("The mail server does not answer."), "Try again in a while."),
    ],
)
async def test_a_code_that_cannot_be_mailed_is_said(room: Room, error: DeliveryError, hint: str) -> None:
    assert room.postbox is not None
    room.postbox.refusal = error
    assert await room.told("email me@lab.org") == f"No code could be mailed to `me@lab.org`: {error.message} {hint}"


async def test_without_a_mail_server_it_says_who_can_help(tmp_path: Path, clock: FakeClock) -> None:
    async with open_room(tmp_path, clock) as made:
        room = Room(made.store, clock, postbox=None)
        assert await room.told("email me@lab.org") == (
            "E-mail is not set up here. Whoever runs paperroute sets SMTP_URL and PAPERROUTE_EMAIL_FROM."
        )
        assert "You get nothing by e-mail yet." in await room.told("email")


async def test_a_channel_goes_to_a_hundred_addresses_at_most(room: Room) -> None:
    members = [replace(ANN, member=f"m{number}") for number in range(101)]
    for number, member in enumerate(members[:100]):
        await room.say(f"email m{number}@lab.org", by=member)
        await room.say(f"email {codes(room)[-1][1]}", by=member)
    assert len(await addresses(room)) == 100
    assert "goes to 100 addresses already" in await room.told("email m100@lab.org", by=members[100])


async def test_a_channel_that_is_lost_holds_its_mail_and_one_that_ends_ends_it(room: Room) -> None:
    await subscribed(room)
    await subscribed(room, "ann@lab.org")
    refused, held = await room.store.mirrors(CHANNEL)
    await room.store.set_paused(refused.channel.ref, "refused", None, room.clock.now())

    async def paused() -> list[bool]:
        return [bool(mirror.channel.paused) for mirror in await room.store.mirrors(CHANNEL)]

    await room.inbox.channel_changed(ChannelChange(ChannelChangeKind.LOST, CHANNEL, reason="the bot was removed"))
    assert await paused() == [True, True]
    await room.inbox.channel_changed(ChannelChange(ChannelChangeKind.REGAINED, CHANNEL))
    assert await paused() == [True, False]
    await room.inbox.channel_changed(ChannelChange(ChannelChangeKind.ENDED, CHANNEL))
    assert await addresses(room) == []
    assert await room.store.mail_subscription(held.channel.ref) is None
