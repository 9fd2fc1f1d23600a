"""A slice of the crash campaign (``benchmarks.chaos``), and whether its account tells right from wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.chaos.account import Papers, Saves
from benchmarks.chaos.campaign import Outcome, run
from benchmarks.chaos.lives import METHODS, Planner
from benchmarks.chaos.table import rows
from bot.ports import Store

SECONDS = 20.0
# On a machine that is busy with other tests, two messages a twentieth of a second apart may arrive together.
_BY_THE_CLOCK = "posts above the rate"


@pytest.mark.timeout(170)
async def test_killed_again_and_again_in_bad_weather_every_paper_comes_once(tmp_path: Path) -> None:
    outcome = await run(tmp_path, "slice", SECONDS, times=20.0, longest=1.6)
    missed = [row for row in rows([outcome], kills=10, every_point=False) if row.missed and row.what != _BY_THE_CLOCK]
    assert missed == []
    assert sum(account.owed for account in outcome.papers.values()) > 100
    assert outcome.saves.saved > 5


def good() -> Outcome:
    outcome = Outcome(papers={"slack C0READING": Papers(owed=2, once=2)}, saves=Saves(saved=1, kept=1))
    outcome.killed["at a random instant"] = 1
    return outcome


def missed(outcome: Outcome) -> list[str]:
    return [row.what for row in rows([outcome], kills=1, every_point=False) if row.missed]


def test_the_table_says_what_is_not_as_it_has_to_be() -> None:
    assert missed(good()) == []
    lost = good()
    lost.papers["slack C0READING"] = Papers(owed=2, once=1, lost=["2603.00001"])
    assert missed(lost) == ["– posted once", "– lost"]
    twice = good()
    twice.papers["slack C0READING"] = Papers(owed=2, once=1, twice=["2603.00001"])
    assert missed(twice) == ["– posted once", "– posted twice"]
    uncertain = good()
    uncertain.papers["slack C0READING"] = Papers(owed=2, once=1, uncertain=1)
    assert missed(uncertain) == ["– posted once"]
    mailed = good()
    mailed.papers["email ann@lab.example"] = Papers(owed=2, once=1, uncertain=1)
    assert missed(mailed) == []
    unsaved = good()
    unsaved.saves = Saves(saved=2, kept=1, lost=["slack ann: 2603.00001"])
    assert missed(unsaved) == ["– in the library", "– lost"]
    early = good()
    early.early = ["life 3 chat.postMessage 1.00"]
    assert missed(early) == ["requests before a Retry-After had passed"]
    alive = good()
    alive.killed.clear()
    assert missed(alive) == ["kills"]
    broken = good()
    broken.faults = ["life 3: it ended with status 1"]
    assert missed(broken) == broken.faults


def test_every_named_point_is_a_method_of_the_store_and_has_its_turn() -> None:
    assert all(hasattr(Store, method) for method in METHODS)
    planner = Planner("a seed", longest=1.0)
    lives = [planner.next() for _ in range(500)]
    assert {(method, side) for method in METHODS for side in ("before", "after")} <= {
        life.at[:2] for life in lives if life.at is not None
    }
    again = Planner("a seed", longest=1.0)
    assert [(life.end, life.at, life.weather) for life in lives] == [
        (life.end, life.at, life.weather) for life in (again.next() for _ in range(500))
    ]
