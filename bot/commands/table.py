"""The commands as data, so that help, menus and completion on every platform come from one place.

A usage line names arguments in capitals and optional ones in square brackets; an example can be typed as it stands.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = "/papers"


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """One command: ``usage`` and ``example`` begin with its name, ``summary`` is a sentence without its full stop.

    ``details`` are further sentences for `help NAME`. ``family`` groups commands in the overview.
    """

    name: str
    summary: str
    usage: str
    example: str
    family: str
    aliases: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


WATCHES = "Watches"
ARCHIVE = "Papers"
LIBRARY = "Saved papers"
TEAM = "One team on several platforms"
CHANNEL = "This channel"
HELP = "Help"

_FORMATS = "With a FORMAT the list comes as a file: `bibtex`, `ris`, `csv`, `json`, `csl` or `markdown`."

COMMANDS: tuple[CommandInfo, ...] = (
    CommandInfo(
        name="watch",
        summary="Post new papers that match a query in this channel",
        usage="watch QUERY",
        example='watch diffusion OR "flow matching" -survey',
        family=WATCHES,
        aliases=("subscribe", "add"),
        details=(
            "The query is tried on the archive first, so you see how much it brings.",
            "With `min:20` in front of the query, a paper is posted once it has 20 upvotes on Hugging Face.",
        ),
    ),
    CommandInfo(
        name="unwatch",
        summary="End a watch, by its query or its number in the list",
        usage="unwatch QUERY or NUMBER",
        example="unwatch 2",
        family=WATCHES,
        aliases=("unsubscribe", "rm"),
        details=("Any spelling of the same query will do; several numbers end several watches.",),
    ),
    CommandInfo(
        name="list",
        summary="Show this channel's watches",
        usage="list",
        example="list",
        family=WATCHES,
        aliases=("ls",),
    ),
    CommandInfo(
        name="preview",
        summary="Try a query on the archive without watching it",
        usage="preview QUERY",
        example='preview "chain of thought"',
        family=WATCHES,
    ),
    CommandInfo(
        name="search",
        summary="Find papers in the archive, newest first",
        usage="search [page:N] QUERY",
        example="search au:lecun",
        family=ARCHIVE,
        details=(
            "The archive begins some days before the first start of paperroute and grows with each announcement.",
        ),
    ),
    CommandInfo(
        name="show",
        summary="Show one paper with its abstract",
        usage="show ID or LINK or NUMBER",
        example="show 1706.03762",
        family=ARCHIVE,
        details=("A number is the paper's number in the latest post of this channel.",),
    ),
    CommandInfo(
        name="post",
        summary="Bring a paper into this channel, with a comment if you like",
        usage="post ID or LINK [COMMENT]",
        example="post 2005.14165 Worth reading again",
        family=ARCHIVE,
        details=(
            "Everybody may, up to 20 papers a day; a comment has at most 300 characters.",
            "A paper that this channel was posted before is not posted again.",
        ),
    ),
    CommandInfo(
        name="trending",
        summary="List the papers that the community and the team rate most",
        usage="trending [day or week or month] [page:N] [QUERY]",
        example="trending month diffusion",
        family=ARCHIVE,
    ),
    CommandInfo(
        name="similar",
        summary="Find papers like one, or let digests end with some like what this channel saves",
        usage="similar ID or LINK or NUMBER, similar on or off",
        example="similar 1706.03762",
        family=ARCHIVE,
        details=(
            "With `on` this channel's digests end with up to 3 papers like those saved here in the last 90 days.",
            "Papers are compared by their words; the index of all of them is made daily.",
        ),
    ),
    CommandInfo(
        name="save",
        summary="Save papers for yourself",
        usage="save NUMBER or ID or LINK …",
        example="save 2 5",
        family=LIBRARY,
        details=(
            "A number is the paper's number in the latest post of this channel; `+2` is short for `save 2`.",
            "A reaction on a post saves too, where the platform has reactions.",
        ),
    ),
    CommandInfo(
        name="unsave",
        summary="Take a save back",
        usage="unsave NUMBER or ID or LINK …",
        example="unsave 2",
        family=LIBRARY,
    ),
    CommandInfo(
        name="saved",
        summary="List saved papers: yours, this channel's or a member's",
        usage="saved [channel or @MEMBER] [FORMAT] [page:N]",
        example="saved bibtex",
        family=LIBRARY,
        details=(_FORMATS,),
    ),
    CommandInfo(
        name="top",
        summary="List the papers that most members saved",
        usage="top [week or month or all] [FORMAT]",
        example="top month",
        family=LIBRARY,
        details=(_FORMATS,),
    ),
    CommandInfo(
        name="reactions",
        summary="Show or set which reactions save papers, for the whole workspace",
        usage="reactions [NAMES or default]",
        example="reactions star heart",
        family=LIBRARY,
        details=(
            "At most 10 names, with colons or without; custom emoji too.",
            "On a post of several papers a keycap with the paper's number saves it, whatever is set.",
        ),
    ),
    CommandInfo(
        name="link",
        summary="Make this workspace and another one team, or two accounts of yours one person",
        usage="link [me or CODE]",
        example="link me",
        family=TEAM,
        details=(
            "It gives a code for this workspace, with `me` for your account; typed on the other side, that joins both.",
            "A team shares saved papers and `top`, and each channel keeps its watches.",
            "Workspaces are linked by those who may manage them.",
        ),
    ),
    CommandInfo(
        name="unlink",
        summary="Take this workspace out of its team, or your account out of its link; no save is lost",
        usage="unlink [me]",
        example="unlink me",
        family=TEAM,
    ),
    CommandInfo(
        name="schedule",
        summary="Show or set when papers are posted",
        usage="schedule [WHEN or top WHEN]",
        example="schedule daily 09:00 weekdays Europe/Berlin",
        family=CHANNEL,
        details=(
            "Other schedules: `schedule weekly mon 09:00`, `schedule instant`, `schedule off`.",
            "Beside it, `schedule top mon 09:00` posts once a week what the team saved most.",
            "`schedule top off` ends that.",
        ),
    ),
    CommandInfo(
        name="layout",
        summary="Show or set how papers are posted",
        usage="layout [thread or cards or digest]",
        example="layout digest",
        family=CHANNEL,
    ),
    CommandInfo(
        name="sort",
        summary="Show or set in which order papers are posted",
        usage="sort [new or hot]",
        example="sort hot",
        family=CHANNEL,
        details=("With `hot` the papers with the most upvotes on Hugging Face come first.",),
    ),
    CommandInfo(
        name="digest",
        summary="Post what waits, now",
        usage="digest",
        example="digest",
        family=CHANNEL,
    ),
    CommandInfo(
        name="pause",
        summary="Stop posting until somebody resumes; papers are kept",
        usage="pause [REASON]",
        example="pause summer break",
        family=CHANNEL,
    ),
    CommandInfo(
        name="resume",
        summary="Post again after a pause",
        usage="resume",
        example="resume",
        family=CHANNEL,
    ),
    CommandInfo(
        name="status",
        summary="Say how things stand and why it is quiet",
        usage="status",
        example="status",
        family=CHANNEL,
    ),
    CommandInfo(
        name="email",
        summary="Get this channel's papers by e-mail, too",
        usage="email [ADDRESS WHEN or CODE or stop]",
        example="email ann@lab.org daily 08:00 Europe/Berlin",
        family=CHANNEL,
        details=(
            "In a direct message it is about the watches that you have there.",
            "A code is mailed first; `email CODE` confirms that the address is yours.",
            "`email stop` ends yours of this channel, `email stop ADDRESS` all that you have for an address.",
        ),
    ),
    CommandInfo(
        name="stats",
        summary="Draw this channel week by week: matches, what was announced, saves",
        usage="stats [WATCH or NUMBER]",
        example="stats",
        family=CHANNEL,
        details=("The last 12 weeks; a watch is named by its query or its number in the list.",),
    ),
    CommandInfo(
        name="access",
        summary="Show or set who may change what channels watch",
        usage="access [everyone or managers]",
        example="access everyone",
        family=CHANNEL,
        details=("On Discord, at first those who may manage the channel; a role can be chosen, too.",),
    ),
    CommandInfo(
        name="export",
        summary="Give papers, or this channel's watches and settings, as a file",
        usage="export [WHAT] [FORMAT]",
        example="export channel csv",
        family=CHANNEL,
        details=(
            "Without WHAT: watches and settings, for `import`.",
            "WHAT is a watch's number, `watches` (a table each), `channel` (all that was posted), `saved` or `top`.",
            "FORMAT is `markdown` (unless you name another), `bibtex`, `ris`, `csv`, `json` or `csl`.",
        ),
    ),
    CommandInfo(
        name="import",
        summary="Make watches and settings from a file or from lines",
        usage="import [preview] FILE or LINES",
        example="import preview RLHF",
        family=CHANNEL,
        details=(
            "Takes what `export` gives, a query a line, or OPML with feeds of arXiv: pasted, where possible attached.",
            "With `preview` it says what would be made, and makes nothing.",
            "Nothing is changed if anything in it is wrong, and nothing is ever removed.",
        ),
    ),
    CommandInfo(
        name="help",
        summary="Explain the commands, one command or the query language",
        usage="help [COMMAND or query]",
        example="help query",
        family=HELP,
        aliases=("?",),
    ),
)

_BY_WORD = {word: info for info in COMMANDS for word in (info.name, *info.aliases)}


def find_command(word: str) -> CommandInfo | None:
    """The command of that name or alias, in any case."""
    return _BY_WORD.get(word.casefold())


def nearest_command(word: str) -> CommandInfo | None:
    """The command that a mistyped word most likely means: one that begins so, else a near miss, else None."""
    folded = word.casefold()[:40]
    begun = {_BY_WORD[known].name for known in _BY_WORD if len(folded) >= 2 and known.startswith(folded)}
    if len(begun) == 1:
        return _BY_WORD[begun.pop()]
    near = difflib.get_close_matches(folded, _BY_WORD, n=1, cutoff=0.7)
    return _BY_WORD[near[0]] if near else None


def families() -> Iterator[tuple[str, tuple[CommandInfo, ...]]]:
    """The commands by family, in the order of the table."""
    for family in dict.fromkeys(info.family for info in COMMANDS):
        yield family, tuple(info for info in COMMANDS if info.family == family)
