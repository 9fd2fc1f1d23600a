"""The program with a mail server, as a process: from the command to the digest in a mailbox; what doctor finds."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.standins.arxiv import ArxivStandIn
from tests.standins.smtp import MailServer, mail_server
from tests.test_program import DAYS, Program, day_of_papers

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def arxiv() -> Iterator[ArxivStandIn]:
    with ArxivStandIn(day_of_papers(DAYS[0], 1)) as stand_in:
        yield stand_in


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
def program(tmp_path: Path, arxiv: ArxivStandIn, server: MailServer) -> Program:
    made = Program(tmp_path, arxiv.url)
    made.environment |= {
        "SMTP_URL": f"smtp://127.0.0.1:{server.port}",
        "PAPERROUTE_EMAIL_FROM": "Papers <papers@lab.example>",
        "PAPERROUTE_PUBLIC_URL": "https://papers.lab.example",
    }
    return made


async def test_a_digest_comes_by_mail(program: Program, server: MailServer) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "console",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=program.folder,
        env=program.environment,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(b"watch RLHF\nemail me@lab.example daily 08:00\n")
    await server.until(1)
    found = re.search(r"/papers email (\S+)", server.mails[0].part("plain"))
    assert found is not None
    assert server.mails[0].message["Subject"] == "Confirm your address for paperroute"
    output, errors = await process.communicate(f"email {found[1]}\nlist\n".encode())
    assert (process.returncode, errors) == (0, b"")
    assert b"Also by e-mail to 1 address." in output
    digest = server.mails[1]
    assert digest.recipient == "me@lab.example"
    # Nobody serves the link while there is no web server.
    assert "List-Unsubscribe-Post" not in digest.message
    posted = re.findall(r"^ +https://arxiv\.org/abs/(\S+)$", digest.part("plain"), re.MULTILINE)
    assert posted
    assert len(posted) == len(set(posted))
    assert all(f"abs/{each}".encode() in output for each in posted)


async def test_doctor_looks_at_the_mail_server_and_sends_nothing(program: Program, server: MailServer) -> None:
    status, output, _ = await asyncio.to_thread(program.run, "doctor")
    assert status == 0
    address = f"127.0.0.1:{server.port}"
    assert (
        f"ok   SMTP_URL: {address} takes our connection, not encrypted, without a login; mail is from "
        "papers@lab.example\n"
    ) in output
    assert "with PAPERROUTE_PUBLIC_URL and PAPERROUTE_WEB set, one click does it" in output
    assert server.mails == []
