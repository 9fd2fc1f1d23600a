"""The settings of e-mail: the server's address, its security, its secret."""

from __future__ import annotations

import pytest

from bot.config import Config
from bot.email_config import EmailConfig, Security
from bot.errors import ConfigError

FROM = {"PAPERROUTE_EMAIL_FROM": "Papers <papers@lab.example>"}


def read(url: str) -> EmailConfig:
    config = Config.from_env({"SMTP_URL": url, **FROM}).email
    assert config is not None
    return config


def mistakes(**environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        Config.from_env(environ)
    return caught.value.mistakes


@pytest.mark.parametrize(
    ("url", "host", "port", "security"),
    [
        ("smtp://mail.lab.example", "mail.lab.example", 587, Security.STARTTLS),
        ("smtp://mail.lab.example:25", "mail.lab.example", 25, Security.STARTTLS),
        ("smtp://mail.lab.example:25?starttls=never", "mail.lab.example", 25, Security.NONE),
        ("smtps://mail.lab.example/", "mail.lab.example", 465, Security.TLS),
        ("smtp://localhost:25", "localhost", 25, Security.NONE),
        ("smtp://[::1]:25", "::1", 25, Security.NONE),
        ("smtp://127.0.0.1:25?starttls=always", "127.0.0.1", 25, Security.STARTTLS),
        ("smtp://ann:x@localhost:25", "localhost", 25, Security.NONE),
    ],
)
def test_where_mail_goes_and_how(url: str, host: str, port: int, security: Security) -> None:
    config = read(url)
    assert (config.host, config.port, config.security) == (host, port, security)
    assert (config.sender_name, config.sender) == ("Papers", "papers@lab.example")


def test_a_login_is_read_and_never_shown() -> None:
    url = "smtp://ann%40lab.example:open%20sesame%2F@mail.lab.example"
    config = Config.from_env({"SMTP_URL": url, **FROM})
    assert config.email is not None
    assert config.email.password is not None
    assert (config.email.user, config.email.password.value) == ("ann@lab.example", "open sesame/")
    assert set(config.secrets) == {"open sesame/", "open%20sesame%2F"}
    for shown in (repr(config), str(config)):
        assert "sesame" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "mail.lab.example:587", "http://mail.lab.example", "smtp://", "smtp://mail.lab.example:0", "smtp://mail:x",
        "smtp://mail:99999", "smtp://mail.lab.example/inbox", "smtp://mail.lab.example#x", "smtp://[::1", "smtp://ann@lab",
        "smtp://:sesame@mail.lab.example", "smtp://ann:sesame@mail.lab.example?starttls=never", "smtp://mail?tls=1",
        "smtp://mail?starttls=maybe", "smtps://mail?starttls=never", "smtp://a%0Ab:sesame@mail", "smtp://mäil.example",
        "smtp://ann:ses ame@mail",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_a_sentence_without_its_secret(url: str) -> None:
    (mistake,) = mistakes(SMTP_URL=url, **FROM)
    assert mistake.startswith("SMTP_URL ")
    assert mistake.endswith(".")
    assert "sesame" not in mistake


def test_both_settings_are_needed() -> None:
    assert Config.from_env({}).email is None
    assert mistakes(SMTP_URL="smtp://mail.lab.example") == ("PAPERROUTE_EMAIL_FROM must be set as well for e-mail.",)
    assert mistakes(**FROM) == ("SMTP_URL must be set as well for e-mail.",)
    (mistake,) = mistakes(SMTP_URL="smtp://mail.lab.example", PAPERROUTE_EMAIL_FROM="papers")
    assert mistake == (
        'PAPERROUTE_EMAIL_FROM is "papers"; it must be an address, for example papers@lab.example or '
        "Papers <papers@lab.example>."
    )
