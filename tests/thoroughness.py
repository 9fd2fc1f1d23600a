"""How many examples property tests try: few in the suite, many in `make fuzz` (HYPOTHESIS_PROFILE=long)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def examples(usual: int, *, long: int | None = None, steps: int = 50) -> settings:
    """Settings for so many examples, the same ones at each run; in the long profile ``long``, others each time.

    Without ``long`` that is two hundred times as many. ``steps``: the most steps of a state machine.
    """
    return settings(
        max_examples=(long or 200 * usual) if LONG else usual,
        stateful_step_count=2 * steps if LONG else steps,
        derandomize=not LONG,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        print_blob=LONG,
    )
