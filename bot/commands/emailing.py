"""`email`: a channel's digest to an address, in a direct message that of one's own watches there.

Typed in the channel, which shows that the member is in it, also in a private one. Nothing but a code is mailed before
the address is confirmed, and of codes at most three a day to an address and for a member: nobody can be bombed. Only
the member who asked can enter the code. Replies are for that member only, and nobody sees the addresses of others.

Mail comes daily or weekly, whatever the channel's own schedule. `email` with an address that one has in the channel
already gives it another schedule, and brings it back where it is paused.
"""

from __future__ import annotations

from datetime import timedelta

from bot.channel_schedule import Schedule, ScheduleKind
from bot.commands.context import Context
from bot.commands.outlook import pause_reason
from bot.commands.saying import command, lines, quoted, sentences, shown
from bot.conversation import Reply
from bot.errors import CommandError, DeliveryError
from bot.link_code import ALPHABET, CHARACTERS, code_digest, drawn_code
from bot.mail_address import parse_address
from bot.mailing import MailRequest, MailSubscription
from bot.wording import count, moment_text

VALID = timedelta(minutes=30)
MOST_CODES = 3
CODES_WITHIN = timedelta(days=1)
MOST_WRONG = 10
WRONG_WITHIN = timedelta(minutes=10)
MOST_ADDRESSES = 5
MOST_IN_A_CHANNEL = 100

_DEFAULT = "daily 08:00 weekdays"
_WORKSPACE_CHARACTERS = 16
_EXAMPLE = "email me@lab.org daily 08:00"


async def email(context: Context) -> Reply:
    """List, ask for, confirm or end digests by e-mail. Raises CommandError, StoreError."""
    words = context.words
    if not words:
        return await _mine(context)
    if words[0].casefold() == "stop":
        return await _stop(context, words[1:])
    if "@" in words[0]:
        return await _ask(context, words[0], " ".join(words[1:]))
    return await _confirm(context)


async def _mine(context: Context) -> Reply:
    found = await context.store.mail_subscriptions(context.command.member)
    if not found:
        return Reply(f"You get nothing by e-mail yet. For example: {command(_EXAMPLE)}.")
    return Reply(
        lines(
            f"You get {count(len(found), 'digest')} by e-mail:",
            *(_described(each, context) for each in found),
            f"{command('email stop')} in a channel ends what you get from it, "
            f"{command('email stop ADDRESS')} all that goes to an address.",
        )
    )


def _described(subscription: MailSubscription, context: Context) -> str:
    name = shown(subscription.source_name, 80) or shown(subscription.source.channel, 80)
    place = f"{name} on {shown(subscription.source.platform.capitalize(), 20)}"
    channel = subscription.channel
    if channel.paused:
        again = command(f"email {subscription.address} {channel.schedule}")
        how = f"paused ({pause_reason(channel)}). To bring it back: {again}."
    else:
        how = _when(subscription, context)
    return f"{quoted(subscription.address, 254)}: {place}, {how}"


def _when(subscription: MailSubscription, context: Context) -> str:
    """``every weekday at 08:00 (UTC), next on Thu 5 March 08:00 (UTC).``"""
    schedule = Schedule.from_canonical(subscription.channel.schedule)
    due = subscription.channel.next_due
    following = f", next on {moment_text(due, schedule.zone, context.now)}" if due and due > context.now else ""
    return f"{schedule.explain()}{following}."


async def _ask(context: Context, typed: str, when: str) -> Reply:
    """Mail a code to an address, or change what the member has already."""
    address, schedule = _address(typed), _schedule(when, context)
    mine = await context.store.mail_subscriptions(context.command.member)
    for own in mine:
        if (own.source, own.address) == (context.command.channel, address):
            return await _change(context, own, schedule)
    if context.mailer is None:
        raise CommandError(
            "E-mail is not set up here.", hint="Whoever runs paperroute sets SMTP_URL and PAPERROUTE_EMAIL_FROM."
        )
    if len({each.address for each in mine} | {address}) > MOST_ADDRESSES:
        raise CommandError(
            f"You have {MOST_ADDRESSES} addresses already, and more is not possible.",
            hint=f"{command('email')} shows them, {command('email stop ADDRESS')} ends one.",
        )
    if len(await context.store.mirrors(context.command.channel)) >= MOST_IN_A_CHANNEL:
        raise CommandError(f"This channel goes to {MOST_IN_A_CHANNEL} addresses already, and more is not possible.")
    await context.open_channel()
    code, digest = drawn_code(context.draw)
    request = MailRequest(context.command.member, context.command.channel, address, schedule.canonical)
    await context.store.add_mail_code(
        digest, request, context.now, ends=context.now + VALID, since=context.now - CODES_WITHIN, most=MOST_CODES
    )
    try:
        await context.mailer.send_code(address, code, context.command.channel.platform.capitalize())
    except DeliveryError as error:
        hint = "Check the address." if error.permanent else "Try again in a while."
        raise CommandError(f"No code could be mailed to {quoted(address, 254)}: {error.message}", hint=hint) from error
    return Reply(
        f"A code is on its way to {quoted(address, 254)}. Type {command('email CODE')} with it within "
        f"{count(VALID.seconds // 60, 'minute')}: then {_subject(context)} comes {schedule.explain()}."
    )


async def _change(context: Context, own: MailSubscription, schedule: Schedule) -> Reply:
    ref, member = own.channel.ref, context.command.member
    due = schedule.next_after(context.now)
    await context.store.set_schedule(ref, schedule.canonical, due, member, context.now)
    await context.store.set_paused(ref, "", member, context.now)
    changed = await context.store.mail_subscription(ref)
    if changed is None:
        raise CommandError("That was ended at the same moment.", hint=f"{command('email')} shows what you get.")
    return Reply(f"{_subject(context, capital=True)} now comes to {quoted(own.address, 254)} {_when(changed, context)}")


async def _confirm(context: Context) -> Reply:
    """Enter a code."""
    member = context.command.member
    digest = code_digest(context.text)
    if digest is None:
        raise CommandError(
            f"{quoted(context.text, 40)} is neither an address nor a code, which has {CHARACTERS} letters and digits.",
            hint=f"For example: {command(_EXAMPLE)}.",
        )
    request = await context.store.find_mail_code(
        digest, member, context.now, since=context.now - WRONG_WITHIN, most=MOST_WRONG
    )
    if request is None:
        raise _wrong()
    made = await context.store.subscribe(
        digest,
        member,
        context.now,
        next_due=Schedule.from_canonical(request.schedule).next_after(context.now),
        workspace="".join(context.draw(ALPHABET) for _ in range(_WORKSPACE_CHARACTERS)).lower(),
        most=MOST_ADDRESSES,
    )
    if made is None:
        raise _wrong()
    here = made.source == context.command.channel
    subject = (
        _subject(context, capital=True) if here else f"The digest of {shown(made.source_name, 80) or 'that channel'}"
    )
    watches = await context.store.watches(made.source)
    return Reply(
        sentences(
            [
                f"{subject} comes to {quoted(made.address, 254)} {_when(made, context)}",
                "" if watches else f"There is no watch yet: {command('watch RLHF')} makes one.",
                f"Each mail says how to stop it, and {command('email stop')} does it from here." if here else "",
            ]
        )
    )


async def _stop(context: Context, words: list[str]) -> Reply:
    """End what the member gets from this channel, or all that they get at an address."""
    member = context.command.member
    mine = await context.store.mail_subscriptions(member)
    if words:
        address = _address(" ".join(words))
        chosen = [each for each in mine if each.address == address]
        if not chosen and context.command.administers:
            here = await context.store.mirrors(context.command.channel)
            chosen = [each for each in here if each.address == address]
        missing = f"You get nothing at {quoted(address, 254)}."
    else:
        chosen = [each for each in mine if each.source == context.command.channel]
        missing = "You get nothing from this channel by e-mail."
    ended = [each for each in chosen if await context.store.end_subscription(each.channel.ref, member, context.now)]
    if not ended:
        raise CommandError(missing, hint=f"{command('email')} shows what you get.")
    places = [f"{shown(each.source_name, 80) or 'a channel'} to {quoted(each.address, 254)}" for each in ended]
    return Reply(lines("No more mail comes from:", *places))


def _address(typed: str) -> str:
    try:
        return parse_address(typed.removeprefix("<").removesuffix(">"))
    except ValueError as error:
        raise CommandError(f"{quoted(typed, 60)} {error}.", hint=f"For example: {command(_EXAMPLE)}.") from None


def _schedule(typed: str, context: Context) -> Schedule:
    chosen = Schedule.parse(typed or _DEFAULT, context.callers_zone())
    if chosen.kind in (ScheduleKind.INSTANT, ScheduleKind.OFF):
        raise CommandError(
            f"Mail comes daily or weekly, not {quoted(typed, 40)}.",
            hint=f"For example: {command(_EXAMPLE)} or {command('email me@lab.org weekly mon 09:00')}.",
        )
    return chosen


def _subject(context: Context, *, capital: bool = False) -> str:
    subject = "what you watch here" if context.command.direct else "this channel's digest"
    return subject[0].upper() + subject[1:] if capital else subject


def _wrong() -> CommandError:
    return CommandError(
        f"That code is not valid: it was mistyped, entered before, is older than {VALID.seconds // 60} minutes, or "
        "somebody else asked for it.",
        hint=f"{command(_EXAMPLE)} mails a new one.",
    )
