"""The whole of it: a team's day on Slack."""

from __future__ import annotations

from pathlib import Path

from adapters.slack.identity import member_ref
from tests.delivery_kit import until
from tests.factories import make_paper
from tests.slack_kit import READING, running, shown, stand_in

ANN = member_ref(READING.workspace, "U0ANN")


async def test_a_day_in_a_channel(tmp_path: Path) -> None:
    async with stand_in() as slack, running(slack, tmp_path) as bot:
        await bot.announce([make_paper("2603.00001", title="Something else")])
        done = await bot.say("watch RLHF")
        assert done.acknowledged is not None
        assert done.responses[0]["response_type"] == "in_channel"
        assert "Watching `RLHF`" in shown(done.responses[0])
        await bot.announce([make_paper(f"2603.{n:05}", title=f"Study {n} of RLHF") for n in range(2, 5)])
        await bot.post()
        _, digest, *cards = slack.team.channels["C0READING"].messages
        assert "3 new papers" in shown(digest.body)
        assert [card.thread_ts for card in cards] == [digest.ts] * 3
        await slack.react("two", digest.ts)
        await slack.react("bookmark", cards[-1].ts)

        async def two_saved() -> bool:
            return len(await bot.store.saved_by(ANN, limit=9)) == 2

        await until(two_saved)
        assert {save.paper.id for save in await bot.store.saved_by(ANN, limit=9)} == {"2603.00003", "2603.00002"}
        done = await bot.say("saved bibtex")
        (file,) = slack.team.files.values()
        assert (file["name"], file["channel"]) == ("saved.bib", "D0ANN")
        assert b"2603.00003" in file["content"]
        assert "direct messages with @paperroute" in shown(done.responses[0])
