"""A post sent by e-mail, once.

Mail cannot be read back. What stands in the place of a history is written down here: that the end of a message is about
to be sent, and what the server said to it. A post of which the first is not written down was not sent; one of which the
second is not may have been, and is never sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from adapters.email.letters import message_id, post_letter
from adapters.email.settings import EmailSettings
from adapters.email.submission import Submission
from bot.errors import DeliveryError, NoHistoryError, StoreError
from bot.mailing import MailStore
from bot.models import ChannelRef, MessageRef, Post
from bot.ports import Clock

logger = logging.getLogger(__name__)


class Posting:
    """Sends posts through ``submission``. ``stop_url`` gives the address at which one click unsubscribes."""

    def __init__(
        self,
        settings: EmailSettings,
        store: MailStore,
        clock: Clock,
        submission: Submission,
        stop_url: Callable[[ChannelRef], str],
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._submission = submission
        self._stop_url = stop_url
        self._writing = asyncio.Lock()

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """Mail it, once. Raises DeliveryError."""
        try:
            subscription = await self._store.mail_subscription(channel)
        except StoreError as error:
            raise DeliveryError("The subscription could not be read.") from error
        if subscription is None:
            raise DeliveryError("This address has been unsubscribed.", permanent=True, ends_channel=True)
        # Writing a long mail takes longer than the event loop may be held, and so would several of them at once.
        async with self._writing:
            letter = await asyncio.to_thread(
                post_letter, post, subscription, self._settings, self._clock.now(), self._stop_url(channel)
            )

        async def begun() -> None:
            try:
                await self._store.mail_begun(post.key, self._clock.now())
            except StoreError as error:
                raise DeliveryError("What is being sent could not be written down.") from error

        try:
            await self._submission.submit(channel.channel, letter, begun)
        except DeliveryError as error:
            if not error.ambiguous:
                await self._ended(post, taken=False)
            raise
        await self._ended(post, taken=True)
        return MessageRef(channel, message_id(post.key, self._settings))

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """What became of it. Raises NoHistoryError where nobody knows, DeliveryError."""
        try:
            taken = await self._store.mail_taken(post.key)
        except StoreError as error:
            raise DeliveryError("What was sent could not be read.") from error
        if taken is None:
            raise NoHistoryError("Whether this mail arrived is not known; it is not sent twice.")
        return MessageRef(channel, message_id(post.key, self._settings)) if taken else None

    async def _ended(self, post: Post, *, taken: bool) -> None:
        try:
            await self._store.mail_ended(post.key, taken=taken)
        except StoreError as error:
            # The courier learns of the outcome all the same, and keeps it until the store takes it.
            logger.warning("What became of mail %s could not be written down: %s", post.key, error)
