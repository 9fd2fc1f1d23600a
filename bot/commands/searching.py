"""`search` and `show`: papers of the archive, and any paper of arXiv by its id."""

from __future__ import annotations

from bot.commands.back_test import entries
from bot.commands.choosing import choose
from bot.commands.context import Context
from bot.commands.paging import Page, take_page
from bot.commands.saying import command, lines, paragraph, quoted, shown
from bot.commands.trending import with_signals
from bot.conversation import Reply
from bot.errors import CommandError
from bot.models import Entry, Paper
from bot.ports import SignalStore
from bot.query import Query
from bot.signal_line import signal_facts, signal_links
from bot.wording import count, day_text

_PAGE = 10


async def search(context: Context) -> Reply:
    """Papers that match a query, newest first, ten a page. Raises QueryError, CommandError, StoreError."""
    page = take_page(context.text)
    if not page.rest:
        raise CommandError(f"{command('search')} needs a query.", hint=f"For example: {command('search RLHF')}.")
    query = Query.parse(page.rest)
    found = await context.store.search(query, limit=_PAGE + 1, offset=page.offset(_PAGE))
    if not found:
        return await _nothing(context, page)
    where = f", page {page.number}" if page.number > 1 or len(found) > _PAGE else ""
    return Reply(
        f"Papers that match {quoted(page.rest)}, newest first{where}:",
        papers=await with_signals(context.store, entries(found[:_PAGE], query)),
        more=page.following("search") if len(found) > _PAGE else "",
        back=page.preceding("search"),
    )


async def _nothing(context: Context, page: Page) -> Reply:
    typed = page.rest
    if page.number > 1:
        return Reply(f"There are no more papers that match {quoted(typed)}.", back=page.preceding("search"))
    span = await context.store.archive_span()
    if span.first is None:
        return Reply("The archive is still empty; it fills with the first poll.")
    return Reply(
        lines(
            f"None of the {count(span.papers, 'paper')} in the archive, which begins on {day_text(span.first)}, "
            f"matches {quoted(typed)}.",
            f"To be told when one comes: {command('watch ' + typed)}.",
        )
    )


async def show(context: Context) -> Reply:
    """One paper with abstract, comment and links. Raises CommandError, SourceError, StoreError."""
    words = context.words
    if len(words) > 1:
        raise CommandError(
            f"{command('show')} shows one paper at a time.",
            hint=f"To find papers: {command('search ' + context.text)}.",
        )
    return await paper_reply(context.store, (await choose(context, words, "show"))[0])


async def paper_reply(store: SignalStore, paper: Paper) -> Reply:
    """A paper whole: `show` and the Abstract button. Raises StoreError."""
    (entry,) = await with_signals(store, [Entry(0, paper)])
    announced = f", announced {day_text(paper.announced)}" if paper.announced else ""
    revised = f", revised {day_text(paper.updated.date())}" if paper.version > 1 else ""
    return Reply(
        f"arXiv:{paper.id}, version {paper.version}{announced}{revised}:",
        papers=(entry,),
        footer=lines(
            paragraph(paper.abstract),
            f"Comment: {paragraph(paper.comment, 600)}" if paper.comment else "",
            f"Journal: {paragraph(paper.journal_ref, 300)}" if paper.journal_ref else "",
            f"DOI: https://doi.org/{shown(paper.doi, 200)}" if paper.doi else "",
            f"PDF: {paper.pdf_url}",
            *(shown(fact, 1_000) for fact in signal_facts(entry.signal)),
            *(f"{label}: {url}" for label, url in signal_links(entry.signal)),
        ),
    )
