"""The values that the e-mail adapter is given."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """The server that takes our mail, and who it is from.

    ``tls`` from the first byte, ``starttls`` before anything of ours is said; with neither, nothing is encrypted.
    ``sender`` is a parsed address. ``public_url``: where people reach this process over https, without a final slash;
    empty where they cannot. ``ca_file``: certificates to trust instead of the system's. ``timeout``: seconds for each
    step of the conversation.
    """

    host: str
    port: int
    sender: str
    sender_name: str = ""
    tls: bool = False
    starttls: bool = True
    user: str = ""
    password: str = field(default="", repr=False)
    public_url: str = ""
    ca_file: str = ""
    timeout: float = 30.0

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]
