"""Who belongs together, and where the bot is installed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.models import LinkCode, LinkKind, MemberRef, WorkspaceRef


class LinkStore(Protocol):
    """Workspaces that are one team, accounts that are one person, and the codes that join them. Raises StoreError.

    Every link and its undoing is written to the audit log. Nothing that was saved moves: team and person are ways to
    look at saves.
    """

    async def add_link_code(
        self, digest: bytes, kind: LinkKind, by: MemberRef, now: datetime, *, ends: datetime, most: int
    ) -> None:
        """Keep a code of ``by``'s workspace or account by its digest. Raises CommandError when ``most`` are open."""
        ...

    async def find_link_code(
        self, digest: bytes, by: MemberRef, now: datetime, *, since: datetime, most: int
    ) -> LinkCode | None:
        """The open code of that digest; None for a wrong one, which is counted against ``by``.

        Raises CommandError, whatever the code, when ``by`` has entered ``most`` wrong ones since then.
        """
        ...

    async def link(self, digest: bytes, by: MemberRef, now: datetime) -> bool:
        """Use a code up and join ``by``'s workspace or account, with all that are linked with it, to that of the code.

        False, and nothing joined, when the code is not open any more.
        """
        ...

    async def unlink(self, kind: LinkKind, by: MemberRef, now: datetime) -> bool:
        """Take ``by``'s workspace or account out of its team or person, and void its open codes; the others stay
        linked. False when it was not linked."""
        ...

    async def team(self, platform: str, workspace: str) -> list[WorkspaceRef]:
        """The other workspaces of the team."""
        ...

    async def accounts(self, member: MemberRef) -> list[MemberRef]:
        """The member's other accounts."""
        ...

    async def namesakes(self, member: MemberRef, name: str, *, limit: int) -> list[MemberRef]:
        """Members of that name, in any case, in the other workspaces of ``member``'s team."""
        ...


class InstallationStore(Protocol):
    """The credentials that workspaces gave to a platform's app, sealed by the platform's adapter. Raises StoreError.

    ``owner`` tells apart what one workspace has several of (the installing members); "" is the workspace's own.
    """

    async def put_installation(self, platform: str, workspace: str, owner: str, sealed: bytes, now: datetime) -> None:
        """Store, in place of what was there."""
        ...

    async def installation(self, platform: str, workspace: str, owner: str = "") -> bytes | None: ...

    async def installed(self, platform: str) -> list[str]:
        """The workspaces that have an installation of their own (owner "")."""
        ...

    async def remove_installation(self, platform: str, workspace: str, owner: str | None = None) -> int:
        """Remove one, or with ``owner`` None all of the workspace; returns how many there were."""
        ...

    async def first_time(self, event: str, now: datetime) -> bool:
        """As in SaveStore."""
        ...


class NoteStore(Protocol):
    """What an adapter wants to know again after a restart: short texts by name. Raises StoreError."""

    async def note(self, name: str) -> str | None: ...

    async def put_note(self, name: str, text: str) -> None:
        """In place of what was noted before."""
        ...
