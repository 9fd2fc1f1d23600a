"""The `paperroute` command line: words to a call of ``bot.app``, errors to one sentence and an exit status.

Exit status: 0 done (a signal to stop included), 1 it failed, 2 settings or words that cannot be used.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from bot import __version__
from bot.errors import ConfigError, PaperrouteError


def build_parser() -> argparse.ArgumentParser:
    """The words that the command line understands."""
    parser = argparse.ArgumentParser(
        prog="paperroute",
        description="Every new arXiv paper seen once, matched against your team's watches, delivered to its channels.",
        epilog="Settings come from the environment and from .env in the current folder; .env.example lists them.",
    )
    parser.add_argument("--version", action="version", version=f"paperroute {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("run", help="serve every platform that has its tokens set; with none set, the console")
    commands.add_parser("console", help="a prompt in this terminal; or commands on standard input, one a line")
    commands.add_parser("poll", help="ask arXiv once, deliver what is due, exit")
    status = commands.add_parser("status", help="what the store says of polls, posts and channels")
    status.add_argument(
        "--healthy", action="store_true", help="say nothing but whether a process serves the store: exit 0 or 1"
    )
    setup = commands.add_parser("setup", help="what to do on a platform's side, with everything filled in")
    setup.add_argument("platform", choices=["slack", "discord"])
    setup.add_argument(
        "--public-url",
        metavar="URL",
        help="the https address at which Slack is to reach you, for an app that many workspaces install",
    )
    _add_files(commands)
    _add_keeping(commands)
    doctor = commands.add_parser("doctor", help="examine tokens, permissions and channels, and name each remedy")
    doctor.add_argument(
        "--repair",
        action="store_true",
        help="instead: save what can be read of a damaged database, say what is lost; stop the bot first",
    )
    return parser


def _add_files(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = commands.add_parser(
        "export",
        help="write lists of papers, or a channel's settings, to a file; works beside a running bot",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Write lists of papers, or a channel's settings, to a file. Works while the bot runs.",
        epilog="Examples:\n"
        "  paperroute export --output daily.md                        every channel's watches, a table each\n"
        "  paperroute export --channel slack/T1/C1 --what 2 --format ris --output watch.ris\n"
        "  paperroute export --what 'top month' --format csl > top.json\n"
        "Markdown of several channels has a part for each; in other formats they are one list of up to 10,000\n"
        "papers a channel, a paper once.",
    )
    export.add_argument(
        "--channel", default="all", help="platform/workspace/channel, for example slack/T1/C1; or all (the default)"
    )
    export.add_argument(
        "--what",
        default="watches",
        help="watches (the latest 100 papers of each; the default), a watch's number in the channel's list, channel"
        " (what was posted there), saved (what was saved there), top, 'top month', 'top all' (what most members of"
        " the workspace saved), or settings (what import reads back)",
    )
    export.add_argument(
        "--format",
        default="markdown",
        choices=["markdown", "bibtex", "ris", "csv", "json", "csl"],
        help="for settings always JSON; the default is %(default)s",
    )
    export.add_argument(
        "--output", default="-", metavar="FILE", help="replaced as a whole when all is written; - is standard output"
    )
    taken = commands.add_parser(
        "import",
        help="make watches of a file: an export of settings, OPML, a query a line; or fill the archive from arXiv's"
        " bulk metadata",
        description="Make watches of a file: an export of settings, OPML with feeds of arXiv, or a query a line (# and"
        " a space begin a comment). All of it or, if anything in it is wrong, nothing. Or take arXiv's bulk metadata"
        " (JSON lines, a record each) into the archive; the same command goes on where it was interrupted. Needs the"
        " bot to be stopped.",
    )
    taken.add_argument("file", metavar="FILE", help="may be packed by gzip; at most 10 MB unless it is bulk metadata")
    taken.add_argument(
        "--channel",
        default="",
        help="platform/workspace/channel, for example slack/T1/C1; needed where there are several",
    )
    taken.add_argument(
        "--dry-run", action="store_true", help="say what would be made and change nothing; works while the bot runs"
    )


def _add_keeping(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    kept = commands.add_parser(
        "backup",
        help="the whole store as one file; works while the bot runs",
        description="Copy the store, as it stands at one moment, into a file by itself, readable by you alone. Works"
        " while the bot runs and keeps it from nothing. Every page is checked before the file gets its name.",
    )
    kept.add_argument("file", metavar="FILE")
    kept.add_argument("--force", action="store_true", help="replace FILE if it exists")
    back = commands.add_parser(
        "restore",
        help="put a backup in the store's place; stop the bot first",
        description="Put a backup in the place that PAPERROUTE_DATABASE names. The file that is there is kept beside"
        " it. At the next start, what was posted on Slack and Discord since the backup was taken is read back before"
        " any digest goes out, so that no paper comes twice.",
    )
    back.add_argument("file", metavar="FILE")
    back.add_argument(
        "--idle",
        action="store_true",
        help="the bot did not run after the backup was taken (a move to another machine): nothing has to be read back",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    chosen = build_parser().parse_args(arguments)
    status = _guarded(chosen)
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        # A request to arXiv may be waiting for its answer in a thread that nothing can interrupt. All that matters is
        # committed and closed by now, so the process does not wait for it.
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                continue
        os._exit(status)
    return status


def _guarded(chosen: argparse.Namespace) -> int:
    try:
        return _carry_out(chosen)
    except ConfigError as error:
        print("\n".join(f"paperroute: {mistake}" for mistake in error.mistakes), file=sys.stderr)
        return 2
    except PaperrouteError as error:
        print(f"paperroute: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); a second complaint at exit is avoided as Python's manual says.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _carry_out(chosen: argparse.Namespace) -> int:
    # Each command brings in libraries that the others, and `--help`, must not wait for.
    if chosen.command == "setup":
        from bot.app.set_up import setup

        # Before there are settings, or while they are incomplete: that is what it is for.
        return setup(chosen.platform, _public_url(chosen.public_url))
    from bot.config import Config

    config = Config.from_env(os.environ, Path(".env"))
    match chosen.command:
        case "run":
            from bot.app.service import run

            return run(config)
        case "console":
            from bot.app.terminal import console

            return console(config)
        case "poll":
            from bot.app.once import poll

            return poll(config)
        case "doctor" if chosen.repair:
            from bot.app.repairing import repair

            return repair(config)
        case "doctor":
            from bot.app.doctor import doctor

            return doctor(config)
        case "backup":
            from bot.app.keeping import backup

            return backup(config, Path(chosen.file), force=chosen.force)
        case "restore":
            from bot.app.keeping import restore

            return restore(config, Path(chosen.file), idle=chosen.idle)
        case "export":
            from bot.app.exporting import Export, export

            output = None if chosen.output == "-" else Path(chosen.output)
            return export(config, Export(chosen.channel, chosen.what, chosen.format, output))
        case "import":
            from bot.app.importing import Import, import_

            return import_(config, Import(Path(chosen.file), chosen.channel, chosen.dry_run))
        case _:
            from bot.app.reports import status

            return status(config, healthy_only=chosen.healthy)


def _public_url(typed: str | None) -> str:
    """The address of `--public-url`, empty when there is none. Raises ConfigError."""
    from bot.setting_values import public_url

    if not typed:
        return ""
    try:
        return public_url(typed)
    except ValueError:
        example = "https://papers.lab.example"
        raise ConfigError([f"--public-url must be the https address of a host, for example {example}."]) from None


if __name__ == "__main__":
    sys.exit(main())
