"""What an e-mail address is, and that none can be more than one."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mail_address import LONGEST, mailbox, parse_address, parse_sender

GOOD = {
    "me@lab.org": "me@lab.org",
    "Me.Too+papers@Lab.ORG": "me.too+papers@lab.org",
    "o'brien_{x}!#$%&*/=?^|~-@a.b.c": "o'brien_{x}!#$%&*/=?^|~-@a.b.c",
    "me@bücher.example": "me@xn--bcher-kva.example",
    "me@XN--BCHER-KVA.example": "me@xn--bcher-kva.example",
    "me@論文.例え.jp": "me@xn--7dv834f.xn--r8jz45g.jp",
    "me@straße.de": "me@xn--strae-oqa.de",
    "x" * 64 + "@lab.org": "x" * 64 + "@lab.org",
}
BAD = (
    "", "@", "me", "me@", "@lab.org", "me@lab", "me@localhost", "me@127.0.0.1", "me@[127.0.0.1]", "me@[IPv6:::1]",
    "a@b@lab.org", '"a"@lab.org', '"a\r\nBcc: b@x.org"@lab.org', "a..b@lab.org", ".a@lab.org", "a.@lab.org",
    "a b@lab.org", "a@lab .org", "a@lab.org ", " a@lab.org", "a@lab..org", "a@.lab.org", "a@lab.org.", "a@-lab.org",
    "a@lab_x.org", "jürgen@lab.org", "a\u0301@lab.org", "a\u202e@lab.org", "a@lab.org\n", "a@lab.org\r\nBcc: b@x.org",
    "a\x00@lab.org", "a@l\x00ab.org", "<a@lab.org>", "a@lab.org>", "a@lab.org,b@lab.org", "a@lab.org;b@lab.org",
    "Ann <a@lab.org>", "a@lab.org?bcc=b", "a@" + "y" * 300 + ".org", "x" * 65 + "@lab.org", "a@" + "y" * 64 + ".org",
    "a`b@lab.org", "a(b)@lab.org", "a\\@lab.org", "a@\ud800.org", "\ud800@lab.org", "a@💥.example", "a@lab.123",
)  # fmt: skip


@pytest.mark.parametrize("typed", GOOD)
def test_an_address_has_one_spelling(typed: str) -> None:
    assert parse_address(typed) == GOOD[typed] == parse_address(GOOD[typed])


@pytest.mark.parametrize("typed", BAD)
def test_what_is_no_address_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) [a-z0-9 @-]+$"):
        parse_address(typed)


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_that_passes_can_end_a_header_or_a_command(local: str, domain: str) -> None:
    for typed in (f"{local}@{domain}", f"{local}@{domain}.org", f"{local}@lab.org", f"me@{domain}.org"):
        try:
            address = parse_address(typed)
        except ValueError:
            continue
        assert address.isascii()
        assert address.isprintable()
        assert not set(' <>"\\`,;:()[]\r\n') & set(address)
        assert address.count("@") == 1
        assert len(address) <= LONGEST
        message = EmailMessage(policy=SMTP)
        message["To"] = Address(addr_spec=address)
        assert message.as_bytes().count(b"\r\n") == 2


def test_a_sender_may_have_a_name() -> None:
    assert parse_sender("papers@lab.org") == ("", "papers@lab.org")
    assert parse_sender("  Papers, of the Lab <Papers@Lab.org> ") == ("Papers, of the Lab", "papers@lab.org")
    assert parse_sender("Überblick <p@lab.org>") == ("Überblick", "p@lab.org")


@pytest.mark.parametrize(
    "typed",
    ["Papers\r\nBcc: x@y.org <p@lab.org>", "Papers <p@lab.org> x", "<p@lab.org", "a@b.org <p@lab.org>", "x" * 101
     + " <p@lab.org>", 'Pa"pers <p@lab.org>', "Papers", ""],
)  # fmt: skip
def test_a_sender_that_is_more_than_that_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) "):
        parse_sender(typed)


def test_one_person_s_spellings_count_together() -> None:
    assert {mailbox(each) for each in ("me@lab.org", "me+1@lab.org", "me+a+b@lab.org")} == {"me@lab.org"}
    assert mailbox("+a@lab.org") == "+a@lab.org"
