"""E-mail addresses: which ones are taken, and their one spelling.

A mailbox is a dot-atom of ASCII (RFC 5321, section 4.1.2; no quoted strings, no comments), at most 64 characters long;
the whole has at most 254. Addresses with other letters before the @ need servers that speak SMTPUTF8 (RFC 6531) on the
whole way, which nobody can know beforehand: they are refused. A domain may be typed in any script and is kept in its
ASCII form (IDNA 2008 with the mapping of UTS 46); it has two labels at least, and is no number.

All of it is lower case: no mail provider of today tells Ann@ from ann@, and one mailbox is to be one address.

Whatever passes has no white space, no control character and no angle bracket, so that none can end a header or a
command of SMTP.
"""

from __future__ import annotations

import re

import idna

LONGEST = 254
_LONGEST_LOCAL = 64
_ATOM = "[a-z0-9!#$%&'*+/=?^_{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_SENDER = re.compile(r"([^<>\"@]*)<([^<>]+)>")
_LONGEST_NAME = 100


def parse_address(typed: str) -> str:
    """The address in its one spelling. Raises ValueError with what is wrong, as the end of a sentence."""
    if len(typed) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    local, at, domain = typed.rpartition("@")
    if not (at and local and domain) or not typed.isprintable():
        raise ValueError("is not an e-mail address")
    if not local.isascii():
        raise ValueError("has letters before the @ that not every mail server takes")
    local = local.lower()
    if len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise ValueError("is not an e-mail address")
    address = f"{local}@{_domain(domain)}"
    if len(address) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    return address


def parse_sender(typed: str) -> tuple[str, str]:
    """Name and address of ``Papers <papers@lab.example>`` or of an address alone. Raises ValueError."""
    text = typed.strip()
    if not text.isprintable():
        raise ValueError("has a character that no header can hold")
    if found := _SENDER.fullmatch(text):
        name = " ".join(found[1].split())
        if len(name) > _LONGEST_NAME:
            raise ValueError(f"has a name of more than {_LONGEST_NAME} characters")
        return name, parse_address(found[2])
    return "", parse_address(text)


def mailbox(address: str) -> str:
    """The address without what follows a plus sign: one person's spellings of one mailbox count together."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def _domain(typed: str) -> str:
    try:
        domain = idna.encode(typed, uts46=True, std3_rules=True).decode("ascii").lower()
    except idna.IDNAError:
        raise ValueError("has no domain that can exist") from None
    labels = domain.split(".")
    if len(labels) < 2 or not labels[-1] or labels[-1].isdecimal():
        raise ValueError("has no domain that can exist")
    return domain
