"""`stats`: the channel week by week, as a picture where pictures can be shown and drawn with text elsewhere."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from bot.commands.context import Context
from bot.commands.saying import command, shown
from bot.commands.watching import find_watch
from bot.conversation import File, Reply
from bot.errors import CommandError, WorkerError
from bot.figures import alt_text, drawn, heading, mondays

WEEKS = 12

logger = logging.getLogger(__name__)


async def stats(context: Context) -> Reply:
    """The channel, or one of its watches. Raises CommandError, QueryError, StoreError."""
    watches = await context.store.watches(context.command.channel)
    if not watches:
        raise CommandError(
            "There is nothing to draw: this channel has no watch.",
            hint=f"For example: {command('watch RLHF')} makes one.",
        )
    watch = find_watch(context.text, watches, "stats") if context.text else None
    weeks = mondays(context.now.date() - timedelta(days=7 * (WEEKS - 1)), WEEKS)
    figures = await context.store.figures(context.command.channel, weeks, watch.query if watch else None)
    typed = {made.query: shown(made.typed, 80) for made in watches}
    named = (replace(each, query=typed.get(each.query, each.query)) for each in figures.watches)
    figures = replace(figures, watches=tuple(named))
    title = heading(figures, shown(watch.typed, 80) if watch else shown(context.command.channel_name, 60))
    if context.plotter is not None and context.command.pictures:
        try:
            picture = await context.plotter.draw(figures, title)
        except WorkerError as error:
            logger.warning("A picture was not drawn: %s", error)
        else:
            file = File("paperroute-stats.png", "image/png", picture, alt=alt_text(figures, title))
            return Reply(f"{title}.", files=(file,))
    return Reply(drawn(figures, title))
