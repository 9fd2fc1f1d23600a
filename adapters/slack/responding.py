"""Saying a reply: success in the channel, errors and lists to the one who asked, files into their direct messages.

A command's response_url works where the bot is not a member, five times within half an hour
(https://docs.slack.dev/interactivity/handling-user-interaction#message_responses). Then the Web API has to say it.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from adapters.slack.blocks import Message
from adapters.slack.errors import CONTENT, SlackError
from adapters.slack.parts import Parts
from adapters.slack.payloads import Origin
from adapters.slack.replies import render
from bot.conversation import File, Reply

logger = logging.getLogger(__name__)

USES = 5
_PLAIN = 3_000
_FILE_TIMEOUT = 15.0
_ALT = 1_000


async def respond(parts: Parts, origin: Origin, reply: Reply, *, replace_original: bool = False) -> None:
    """Say ``reply``; nothing when it is empty. Raises SlackError where it can be said in no way.

    ``replace_original``: in the place of the message, visible to its reader alone, whose button was pressed.
    """
    if reply.files:
        reply = await _give_files(parts, origin, reply)
    if not reply.text:
        return
    public = reply.public and not reply.error
    for number, message in enumerate(render(reply)):
        if number < USES and origin.response_url:
            kind = "in_channel" if public else "ephemeral"
            try:
                await _respond(parts, origin, message, kind, replace_original=replace_original and number == 0)
                continue
            except SlackError as error:
                if error.ambiguous:
                    # It may have been said; saying it twice would be worse than not at all.
                    raise
                logger.debug("The response_url took nothing more: %s", error)
        await say(parts, origin, message, public=public)


async def say(parts: Parts, origin: Origin, message: Message, *, public: bool) -> None:
    """Say a message through the Web API, in the channel or to ``origin``'s user alone. Raises SlackError."""
    method, to = ("chat.postMessage", None) if public else ("chat.postEphemeral", origin.user)
    content: dict[str, Any] = {"text": message.text, "blocks": message.blocks or None}
    for attempt in range(2):
        try:
            await parts.api.call(
                origin.workspace,
                method,
                channel=origin.channel,
                user=to,
                thread_ts=origin.thread or None,
                unfurl_links=False if public else None,
                unfurl_media=False if public else None,
                **content,
            )
        except SlackError as error:
            if error.code not in CONTENT or attempt:
                raise
            content = {"text": message.text[:_PLAIN] or "…"}
        else:
            return


async def _respond(parts: Parts, origin: Origin, message: Message, kind: str, *, replace_original: bool) -> None:
    body = {"response_type": kind, "replace_original": replace_original, "text": message.text}
    try:
        await parts.api.respond(origin.response_url, {**body, "blocks": message.blocks})
    except SlackError as error:
        if error.code not in CONTENT:
            raise
        await parts.api.respond(origin.response_url, body | {"text": message.text[:_PLAIN] or "…"})


async def _give_files(parts: Parts, origin: Origin, reply: Reply) -> Reply:
    """Put the files into the member's direct messages with the bot; the reply then says where they are."""
    try:
        place = await _direct_messages(parts, origin, reply)
        for file in reply.files:
            await _give(parts, origin, place, file)
    except SlackError as error:
        why = "the app lacks the scope files:write" if error.code == "missing_scope" else f"Slack answered {error.code}"
        return Reply(f"The file could not be given: {why}. `paperroute doctor` says more.", error=True)
    if origin.channel == place:
        return replace(reply, text="", files=())
    known = await parts.api.credentials(origin.workspace)
    return Reply(f"{reply.text} The file is in your direct messages with @{known.name}.")


async def _direct_messages(parts: Parts, origin: Origin, reply: Reply) -> str:
    """The channel of the member's direct messages, in which the file has been announced."""
    answer = await parts.api.call(
        origin.workspace,
        "chat.postMessage",
        timeout=_FILE_TIMEOUT,
        channel=origin.user,
        text=render(replace(reply, files=()))[0].text,
    )
    return str(answer.get("channel") or origin.user)


async def _give(parts: Parts, origin: Origin, place: str, file: File) -> None:
    await parts.api.upload(origin.workspace, place, file.name, file.content or b"\n", alt=file.alt[:_ALT])
