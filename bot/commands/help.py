"""`help`: all commands, one command, or the query language; and the answer to a command without words."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.context import Context
from bot.commands.paging import Page
from bot.commands.saying import command, lines, quoted
from bot.commands.table import CommandInfo, families, find_command, nearest_command
from bot.commands.watching import watch_list
from bot.conversation import Reply
from bot.errors import CommandError
from bot.wording import listed

QUERY_EXAMPLES: tuple[tuple[str, str], ...] = (
    ("RLHF", "the word, in title or abstract"),
    ("reward model", "both words, anywhere in title or abstract"),
    ('"chain of thought"', "the phrase"),
    ('diffusion OR "flow matching"', "either; `|` is short for OR"),
    ("RLHF -survey", "without that word; NOT says the same"),
    ("(agents OR tools) planning", "groups; AND binds tighter than OR"),
    ("transform*", "words that begin so, from 3 letters on"),
    ("ti:survey", "in the title; `abs:` is the abstract"),
    ('au:"Yann LeCun"', "by that author; `@lecun` is short for `au:lecun`"),
    ("cat:cs.CL", "in that category; `#cs.CL` is short, `cat:cs.*` is all of cs"),
)
_QUERY_WORDS = ("query", "queries", "language", "syntax")


async def help_(context: Context) -> Reply:
    """Explain. Raises CommandError for a command that does not exist."""
    words = [word.removeprefix("/").casefold() for word in context.words]
    if not words:
        return Reply(overview())
    if words[0] in _QUERY_WORDS:
        return Reply(query_help())
    if info := find_command(words[0]):
        return Reply(command_help(info))
    near = nearest_command(words[0])
    hint = f"Did you mean {command('help ' + near.name)}?" if near else f"{command('help')} lists them."
    raise CommandError(f"There is no command {quoted(context.words[0], 40)}.", hint=hint)


async def greeting(context: Context) -> Reply:
    """The channel's watches and all commands. Raises StoreError."""
    watches = await watch_list(context, Page(1, ""))
    return replace(watches, text=f"{watches.text}\n\n{overview()}")


def overview() -> str:
    """Every command in a line."""
    parts = ["Type one of these:"]
    for family, infos in families():
        parts.append(f"{family}:")
        parts.extend(f"{command(info.usage)} – {info.summary[0].lower()}{info.summary[1:]}" for info in infos)
    parts.append(f"More: {command('help watch')} about a command, {command('help query')} about what to watch for.")
    return lines(*parts)


def command_help(info: CommandInfo) -> str:
    """One command: usage, what it does, an example, other names."""
    aliases = listed([quoted(alias) for alias in info.aliases], "or")
    return lines(
        f"{command(info.usage)}: {info.summary}.",
        *info.details,
        f"For example: {command(info.example)}.",
        f"{aliases} means the same." if aliases else "",
        f"What a query can say: {command('help query')}." if "QUERY" in info.usage else "",
    )


def query_help() -> str:
    """The query language in ten examples."""
    examples = [f"{quoted(query)} – {meaning}" for query, meaning in QUERY_EXAMPLES]
    return lines(
        "A query says which papers are meant:",
        *examples,
        "Case, accents, hyphens and plurals make no difference; at most 500 characters and 40 terms.",
        f"{command('preview QUERY')} tries one without watching it.",
    )
