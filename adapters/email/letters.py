"""Posts and codes as mails: headers, plain text and HTML. Pure.

``Message-ID`` is made of the post's key, so that whoever gets a mail twice has the same mail twice. What strangers
wrote (titles, names, abstracts) is made harmless before it is put anywhere: one line, no control characters; the header
classes of the standard library refuse line breaks once more, and the HTML template escapes.

Mails are ASCII: headers as RFC 2047 has it, bodies quoted-printable. ``List-Unsubscribe`` (RFC 2369, RFC 8058) is
written by hand, because the standard library would break so long an address by encoding it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from adapters.email import templates
from adapters.email.settings import EmailSettings
from bot.commands.saying import paragraph, shown, tidy
from bot.mailing import MailSubscription
from bot.models import Entry, Post, PostKind
from bot.rendering import first_proposed
from bot.signal_line import signal_line
from bot.text import readable
from bot.wording import SIMILAR_HEADING, authors_line, part_text, receipt_line

PAPERS = 50
CHARACTERS = 24_000
OVERHEAD = 300
"""Characters that the beginning of an abstract takes, and a little mark-up: the largest mail stays below the 102 kB at
which Gmail cuts."""

_EXCERPT = 240
_ABSTRACT = 1_500
_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class _Letter:
    """What both parts of a mail say. ``values`` are those of the template beside the others."""

    subject: str
    place: str = ""
    heading: str = ""
    texts: Sequence[str] = ()
    code: str = ""
    papers: Sequence[dict[str, Any]] = ()
    receipt: str = ""
    why: Sequence[str] = ()
    stop_url: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def message_id(key: str, settings: EmailSettings) -> str:
    """The id of a post's mail, without brackets."""
    return f"{key}@{settings.domain}"


def post_letter(
    post: Post, subscription: MailSubscription, settings: EmailSettings, now: datetime, stop_url: str
) -> bytes:
    """The mail of a post. ``stop_url``: where one click ends it, empty where that is not served."""
    way_out = f"write to {settings.sender}"
    proposed = first_proposed(post.entries)
    abstract = _ABSTRACT if post.kind is PostKind.CARD else _EXCERPT
    letter = _Letter(
        subject=_subject(post, subscription),
        place=_place(subscription),
        heading=_heading(post),
        texts=[line for line in tidy(post.text, 3_000).replace("`", "").splitlines() if line],
        papers=[_paper(entry, abstract, SIMILAR_HEADING if entry is proposed else "") for entry in post.entries],
        receipt=receipt_line(post.receipt) if post.receipt else "",
        why=(
            f"You get this at {subscription.address} because you asked for it in {_place(subscription)}.",
            f"To stop it, type /papers email stop there, or {'unsubscribe' if stop_url else way_out}.",
        ),
        stop_url=stop_url,
        headers={"List-Id": f"<{post.channel.workspace}.papers.{settings.domain}>"},
    )
    if post.thread is not None:
        thread = f"<{post.thread.message}>"
        letter.headers.update({"In-Reply-To": thread, "References": thread})
    identity = message_id(post.key, settings)
    made = _composed(letter, subscription.address, identity, settings, now)
    return _unsubscribing(settings, post.channel.workspace, stop_url) + made


def code_letter(
    address: str, code: str, asked_on: str, *, identity: str, settings: EmailSettings, now: datetime
) -> bytes:
    """The mail that brings a code. It holds nothing that whoever asked for it could choose."""
    asked = f"Somebody on {shown(asked_on, 20)} asked for new arXiv papers to be mailed to this address."
    letter = _Letter(
        subject="Confirm your address for paperroute",
        heading="Confirm your address",
        texts=(asked, "If it was you, type this there, within 30 minutes:"),
        code=f"/papers email {code}",
        why=("If it was not you, do nothing: without the code nothing more is sent.",),
    )
    return _composed(letter, address, message_id(identity, settings), settings, now)


def _composed(letter: _Letter, address: str, identity: str, settings: EmailSettings, now: datetime) -> bytes:
    message = EmailMessage(policy=SMTP)
    # In the headers' own encoding an address cannot end its header, whatever it is.
    message["From"] = Address(display_name=shown(settings.sender_name, 100), addr_spec=settings.sender)
    message["To"] = Address(addr_spec=address)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{identity}>"
    # No out-of-office answers, please (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers.items():
        message[name] = value
    message.set_content(_plain(letter), cte="quoted-printable")
    message.add_alternative(templates.mail(_values(letter)), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _unsubscribing(settings: EmailSettings, workspace: str, stop_url: str) -> bytes:
    ways = [f"<mailto:{settings.sender}?subject={quote(f'unsubscribe {workspace}')}>"]
    lines = ["List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if stop_url else []
    if stop_url:
        ways.insert(0, f"<{stop_url}>")
    separator = ",\r\n "
    return "".join(f"{line}\r\n" for line in [f"List-Unsubscribe: {separator.join(ways)}", *lines]).encode("ascii")


def _values(letter: _Letter) -> dict[str, Any]:
    names = ("subject", "place", "heading", "texts", "code", "papers", "receipt", "why", "stop_url")
    return {name: getattr(letter, name) for name in names}


def _plain(letter: _Letter) -> str:
    parts = [letter.place, letter.heading]
    blocks = ["\n".join(part for part in parts if part), *letter.texts, f"    {letter.code}" if letter.code else ""]
    blocks += [_plain_paper(paper) for paper in letter.papers]
    blocks.append(letter.receipt)
    why = [*letter.why, f"Unsubscribe: {letter.stop_url}" if letter.stop_url else ""]
    blocks.append("-- \n" + "\n".join(line for line in why if line))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _plain_paper(paper: dict[str, Any]) -> str:
    front = f"{paper['number']}. " if paper["number"] else ""
    words = f"matched {', '.join(paper['words'])}" if paper["words"] else ""
    comment = f"Comment: {paper['comment']}" if paper["comment"] else ""
    lines = [paper["about"], paper["community"], words, paper["abstract"], comment, paper["url"], paper["pdf"]]
    shown_paper = "\n".join([f"{front}{paper['title']}", *(f"   {line}" for line in lines if line)])
    return f"{paper['above']}\n\n{shown_paper}" if paper["above"] else shown_paper


def _paper(entry: Entry, abstract: int, above: str) -> dict[str, Any]:
    paper = entry.paper
    about = [
        authors_line([shown(author, 80) for author in paper.authors]),
        shown(paper.primary_category, 30),
        "announced earlier, readable only now" if entry.late else "",
        shown(entry.note, 200),
        shown(entry.because, 200),
    ]
    return {
        "above": above,
        "number": entry.number,
        "title": shown(readable(paper.title), 1_000) or paper.id,
        "id": paper.id,
        "url": paper.abstract_url,
        "pdf": paper.pdf_url,
        "about": " · ".join(part for part in about if part),
        "community": shown(signal_line(entry.signal), 300),
        "words": [word for word in (shown(word, 80) for word in entry.words[:20]) if word],
        "abstract": paragraph(paper.abstract, abstract),
        "comment": paragraph(paper.comment, 300) if paper.comment and abstract > _EXCERPT else "",
    }


def _place(subscription: MailSubscription) -> str:
    name = shown(subscription.source_name, 80)
    platform = shown(subscription.source.platform.capitalize(), 20)
    return f"{name} on {platform}" if name else f"paperroute on {platform}"


def _heading(post: Post) -> str:
    part = part_text(post.part, post.parts)
    heading = shown(post.heading, 120)
    return f"{heading} ({part})" if part and heading else heading


def _subject(post: Post, subscription: MailSubscription) -> str:
    name = shown(subscription.source_name, 60)
    match post.kind:
        case PostKind.DIGEST:
            said = _heading(post)
        case PostKind.CARD:
            said = shown(readable(post.entries[0].paper.title), 90) if post.entries else ""
        case _:
            said = shown(post.text, 90)
    return shown(" · ".join(part for part in (said, name) if part), _SUBJECT) or "paperroute"
