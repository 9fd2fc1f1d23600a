"""What happens in each life of the program, decided beforehand from the seed.

Half of the lives end at a named point: before or after the commit of a method of the store, all of them in turn. The
others end at a random instant, when a platform stores a message, or in good order.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random

from benchmarks.chaos.orders import AFTER, BEFORE

METHODS = (
    "add_link_code",
    "add_mail_code",
    "add_papers",
    "add_watch",
    "beat",
    "bring",
    "change_watch",
    "claim",
    "dead",
    "dismiss",
    "end_subscription",
    "end_watch",
    "fan_out",
    "find_link_code",
    "find_mail_code",
    "first_time",
    "follow_up",
    "give_back",
    "interrupted",
    "link",
    "mail_begun",
    "mail_ended",
    "merge_index",
    "open_channel",
    "owe_next",
    "pack",
    "poll_failed",
    "poll_succeeded",
    "postpone_workspace",
    "prune_papers",
    "put_matches",
    "put_notice",
    "put_digests",
    "put_top",
    "put_signals",
    "record",
    "retry",
    "save",
    "sent",
    "set_due",
    "set_layout",
    "set_paused",
    "set_save_reactions",
    "set_schedule",
    "set_similar",
    "set_sort",
    "set_top",
    "subscribe",
    "take_in",
    "thin_posts",
    "uncertain",
    "unlink",
    "unsave",
)
"""The methods of ``bot.ports.Store`` that commit while the program serves. The others belong to installing an app, to
bulk imports, to channels that move, and to what is ``SELDOM`` done."""

SELDOM = ("judged",)
"""Once a watch, weeks after it was made."""

PLATFORMS = ("slack", "discord", "email")


@dataclass
class Life:
    """``end``: "point", "random", "stored", "arriving" or "stopped"; ``seconds``: its length, unless it ends before.

    ``at`` is the method, the side and the how-manieth of a point, ``platform`` whose ``nth`` message it is about.
    ``jumps`` are the clock's, ``weather`` names what goes wrong, ``bursts`` are how many papers are announced.
    ``skip``: hours that nobody lives through, before; or they last until the next ``sleep_until``.
    """

    number: int
    end: str
    seconds: float
    at: tuple[str, str, int] | None = None
    platform: str = ""
    nth: int = 1
    jumps: tuple[tuple[float, float], ...] = ()
    weather: tuple[str, ...] = ()
    bursts: tuple[int, ...] = ()
    skip: float = 0.0
    sleep_until: str = ""
    housekeeping: bool = False
    random: Random = field(default_factory=Random)


WEATHERS = (
    "slack",
    "discord",
    "email",
    "arxiv",
    "sockets",
    "gateway",
    "clock",
    "full disk",
    "locked",
    "refusal",
)
_OFTEN = {"claim", "sent", "first_time"}


_FAVOURED: dict[str, str] = {
    "dead": "refusal",
    "poll_failed": "arxiv down",
    "postpone_workspace": "slack in a hurry",
    "put_notice": "refusal",
    "retry": "slack in a hurry",
    "uncertain": "slack forgets",
}
"""Methods that commit in bad weather only, and that weather."""
_MOMENTS = {"mail_begun": "08:01", "mail_ended": "08:01", "put_top": "mon 09:01", "put_signals": "09:01"}
_HOUSEKEEPING = {"prune_papers", "follow_up", "give_back", "merge_index", "pack", "thin_posts"}
_BY_POSTS = {
    "claim",
    "dead",
    "record",
    "put_notice",
    "put_digests",
    "retry",
    "sent",
    "uncertain",
    "postpone_workspace",
    "fan_out",
    "owe_next",
    "put_matches",
}


def _favour(life: Life, method: str) -> None:
    """Let it come to a commit of that method."""
    if weather := _FAVOURED.get(method):
        life.weather = tuple(dict.fromkeys((*life.weather, weather)))
    life.sleep_until = _MOMENTS.get(method, "")
    life.housekeeping = life.housekeeping or method in _HOUSEKEEPING
    if method in _BY_POSTS:
        life.bursts = (*life.bursts, 8)


class Planner:
    """Lives without end."""

    def __init__(self, seed: str, *, longest: float) -> None:
        self._seed = seed
        self._longest = longest
        self._number = 0
        self._points: deque[tuple[str, str]] = deque()
        self.hit: Counter[tuple[str, str]] = Counter()

    def next(self) -> Life:
        """The next life."""
        self._number += 1
        random = Random(f"{self._seed} {self._number}")
        end = random.choices(("point", "random", "stored", "arriving", "stopped"), (50, 22, 18, 6, 4))[0]
        life = Life(self._number, end, random.uniform(0.3, 1.0) * self._longest, random=random)
        if end == "random":
            life.seconds = random.uniform(0.1, self._longest)
        elif end == "point":
            method, side = self._point(random)
            life.at = (method, side, random.randint(1, 5) if method in _OFTEN else 1)
            life.seconds = self._longest
        elif end in ("stored", "arriving"):
            life.platform = random.choices(PLATFORMS, (40, 40, 20))[0]
            life.nth = random.randint(1, 4) if life.platform != "email" else 1
            life.seconds = self._longest
        if random.random() < 0.75:
            life.weather = tuple(random.sample(WEATHERS, random.randint(1, 3)))
        if "clock" in life.weather:
            by = random.choice((-3600.0, 3600.0))
            life.jumps = tuple((random.uniform(0.0, life.seconds), each) for each in (by, random.choice((0.0, -by))))
        life.bursts = tuple(random.randint(3, 14) for _ in range(random.choices((0, 1, 2), (2, 5, 2))[0]))
        life.skip = random.uniform(3, 9) if random.random() < 0.15 else 0.0
        life.housekeeping = random.random() < 0.15
        if life.at is not None and life.at[2] == 1:
            _favour(life, life.at[0])
        return life

    def _point(self, random: Random) -> tuple[str, str]:
        """The points in turn, each round in an order of its own; first those that were not hit yet."""
        if not self._points:
            points = [(method, side) for method in METHODS for side in (BEFORE, AFTER)]
            random.shuffle(points)
            self._points.extend(sorted(points, key=lambda point: self.hit[point] > 0))
        return self._points.popleft()
