"""Link codes: not to be guessed, easily read, hard to mistype."""

from __future__ import annotations

import secrets

import pytest

from bot.link_code import ALPHABET, CHARACTERS, code_digest, new_code


def test_a_code_is_shown_in_groups_of_characters_that_do_not_look_alike() -> None:
    codes = {new_code(secrets.choice) for _ in range(1000)}
    assert len(codes) == 1000
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4]
        assert set(code) <= {*ALPHABET, "-"}
    assert len(ALPHABET) ** CHARACTERS > 10**16
    assert not set(ALPHABET) & set("0OQ1IL2Z5S8BUG")


@pytest.mark.parametrize(
    "typed",
    [
        "ACDE-FHJK-MNPR",
        "acdefhjkmnpr",
        " acde fhjk mnpr\n",
        "AcDe–fhjk—mnpr",
        "`ACDE-FHJK-MNPR`",
        "ＡＣＤＥ－ＦＨＪＫ－ＭＮＰＲ",
        "ACDE\u00adFHJK\u200bMNPR",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert code_digest(typed) == code_digest("ACDE-FHJK-MNPR") is not None


@pytest.mark.parametrize(
    "typed",
    ["", "me", "-", "ACDE-FHJK-MNP", "ACDE-FHJK-MNPRT", "ACDE-FHJK-MNP0", "ACDE_FHJK_MNPR", "ACDE-FHJK-MNP\0",
     "ACDE-FHJK-MNP\ud800", "ß" * 12, "ﬃ" * 4, "A" * 100_000, "-" * 100_000],
)  # fmt: skip
def test_what_is_no_code(typed: str) -> None:
    assert code_digest(typed) is None


def test_every_character_counts() -> None:
    code = "ACDEFHJKMNPR"
    others = {code_digest(code[:place] + "W" + code[place + 1 :]) for place in range(CHARACTERS)}
    assert len(others | {code_digest(code)}) == CHARACTERS + 1
