"""Run every measurement in a process of its own and print the figures beside their goals."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.snapshot_file import write as write_snapshot

HELP_RUNS = 9
BULK = 50_000


def run(module: str, *arguments: str) -> dict[str, Any]:
    """The figures that ``module`` reports."""
    print(f"… {module}", flush=True, file=sys.stderr)
    begun = time.perf_counter()
    finished = subprocess.run(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, check=True, text=True, timeout=600
    )
    print(f"  {module}: {time.perf_counter() - begun:.0f} s", flush=True, file=sys.stderr)
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def help_seconds() -> float:
    """The median time of `paperroute --help`, as a whole process."""
    taken = []
    for _ in range(HELP_RUNS):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "bot.cli", "--help"], stdout=subprocess.DEVNULL, check=True)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def row(what: str, figure: str, goal: str) -> None:
    print(f"| {what} | {figure} | {goal} |")


def similar_rows(similar: dict[str, Any]) -> None:
    row(f"index of {similar['papers']:,} papers for `similar`: made in", f"{similar['build_seconds']} s", "")
    row("– peak memory of its process", f"{similar['build_peak_mb']} MB", "≤ 600 MB at 400,000")
    row("– event loop held meanwhile", f"{similar['build_loop_held_ms']} ms", "≤ 50 ms")
    row("– size of its file", f"{similar['index_mb']} MB", "")
    row("`similar`: an answer, median", f"{similar['answer_median_ms']} ms", "≤ 500 ms")
    row("– the longest", f"{similar['answer_longest_ms']} ms", "≤ 500 ms")
    row("– proposals for a digest, the first of a day", f"{similar['propose_ms']} ms", "")
    row("– proposals for a digest, each further one", f"{similar['propose_again_ms']} ms", "")
    row("– event loop held", f"{similar['answer_loop_held_ms']} ms", "≤ 50 ms")


def poll_rows(poll: dict[str, Any]) -> None:
    polled = f"poll of {poll['papers']:,} new papers, {poll['watches']:,} watches"
    row(f"{polled}: requests", str(poll["requests"]), "≤ 15")
    row(f"{polled}: CPU", f"{poll['cpu_seconds']} s", "≤ 3 s")
    row(f"{polled}: event loop held", f"{poll['loop_held_ms']} ms", "≤ 50 ms")
    row(f"{polled}: peak memory", f"{poll['peak_mb']} MB", "")
    row("the same watches asked as one arXiv request each, 3 s apart", f"{poll['watches'] * 3 / 3600:.1f} h", "")


def acks_rows(acks: dict[str, dict[str, Any]]) -> None:
    for platform, figures in acks.items():
        acked = f"{platform.title()}, {figures['in_flight']} commands in flight during a poll: acknowledged"
        row(f"{acked}, p99", f"{figures['p99_ms']} ms", "≤ 200 ms")
        row(f"{acked}, median", f"{figures['p50_ms']} ms", "")
        row(f"– of {figures['commands']:,} commands; peak memory", f"{figures['peak_mb']} MB", "")
        row("– event loop held", f"{figures['loop_held_ms']} ms", "≤ 50 ms")


def drain_rows(drain: dict[str, Any], discord_drain: dict[str, Any]) -> None:
    drained = f"{drain['posts']:,} posts to {drain['channels']:,} Slack channels in {drain['workspaces']} workspaces"
    row(f"{drained}: of the rate that Slack allows", f"{drain['percent']} %", "≥ 95 %")
    row("– the slowest workspace", f"{drain['least_percent']} %", "")
    row("– requests before a Retry-After had passed", str(drain["too_early"]), "0")
    row("– event loop held", f"{drain['loop_held_ms']} ms", "≤ 50 ms")
    drained = (
        f"{discord_drain['posts']:,} posts to as many Discord channels in {discord_drain['servers']} servers, "
        f"{discord_drain['shards']} shards"
    )
    row(f"{drained}: of the rate that Discord allows", f"{discord_drain['percent']} %", "≥ 95 %")
    row("– requests refused with 429", str(discord_drain["refused"]), "0")
    row("– event loop held", f"{discord_drain['loop_held_ms']} ms", "≤ 50 ms")
    row("– peak memory", f"{discord_drain['peak_mb']} MB", "")


def due_rows(due: dict[str, Any]) -> None:
    row(
        f"{due['due']:,} of {due['channels']:,} channels due at 09:00: the next slice found",
        f"{due['found_ms']} ms",
        "≤ 50 ms",
    )
    composed = f"– composed, {due['papers_a_message']} papers a message"
    row(composed, f"{due['messages_a_second']:,} messages/s of CPU", "≥ 2,000")
    row("– channels composed for, those without papers included", f"{due['channels_a_second']:,}/s of CPU", "≥ 2,000")
    row("– event loop held", f"{due['compose_loop_held_ms']} ms", "≤ 50 ms")
    row("– sent to a platform that takes everything at once", f"{due['sent_a_second']} posts/s", "")
    row("– CPU of a post", f"{due['send_cpu_ms']} ms", "")
    row("– event loop held", f"{due['send_loop_held_ms']} ms", "≤ 50 ms")
    row("– reading a list of watches meanwhile, p99", f"{due['command_p99_ms']} ms", "≤ 200 ms")
    row("– a paper that is brought meanwhile: posted after, median", f"{due['brought_median_ms']} ms", "")
    row("– p99", f"{due['brought_p99_ms']} ms", "")


def keeping_rows(keeping: dict[str, Any]) -> None:
    row("– search for the newest 20, median", f"{keeping['search_median_ms']} ms", "≤ 20 ms")
    row("– 95 %", f"{keeping['search_p95_ms']} ms", "")
    row("– back-test over 30 days, median", f"{keeping['back_test_median_ms']} ms", "≤ 100 ms")
    row("– the longest", f"{keeping['back_test_longest_ms']} ms", "≤ 100 ms")


def whole_rows(whole: dict[str, Any], rest: dict[str, Any]) -> None:
    row(
        f"{whole['papers']:,} papers, {whole['watches']:,} watches, {whole['deliveries']:,} deliveries, "
        f"{whole['saves']:,} saves, {whole['posts']:,} posts in a file of {whole['file_mb']:,} MB: a delivery takes, "
        "most of them packed",
        f"{whole['delivery_bytes']} bytes",
        "≤ 40",
    )
    row("– a command answered after the start", f"{rest['ready_seconds']} s", "≤ 3 s")
    row("– memory at rest", f"{rest['resting_mb']} MB", "≤ 250 MB")
    row("– processor at rest", f"{rest['idle_cpu_percent']} %", "≤ 1 %")


def mail_rows(mails: dict[str, Any]) -> None:
    row(
        f"{mails['mails']} mails of {mails['papers']} papers, due at the same minute: composed and handed over in",
        f"{mails['seconds']} s",
        "",
    )
    row("– event loop held", f"{mails['loop_held_ms']} ms", "≤ 50 ms")


def fanout_rows(fanout: dict[str, Any]) -> None:
    owed = (
        f"– {fanout['deliveries']:,} deliveries of a poll of {fanout['papers']:,} papers to {fanout['channels']:,}"
        " channels, matching included"
    )
    row(owed, f"{fanout['wall_seconds']} s", "")
    row("– deliveries a second of the store's processor time", f"{fanout['deliveries_a_second']:,}", "≥ 100,000")
    row("– commands meanwhile, p99", f"{fanout['command_p99_ms']} ms", "≤ 200 ms")
    row("– event loop held", f"{fanout['loop_held_ms']} ms", "≤ 50 ms")
    row("– peak memory above rest", f"{fanout['peak_above_rest_mb']} MB", "")


def packing_rows(packing: dict[str, Any]) -> None:
    row(f"a delivery in the file, of {packing['deliveries']:,}", f"{packing['delivery_bytes']} bytes", "≤ 40")
    row("– packed, after four months", f"{packing['packed_delivery_bytes']} bytes", "")
    row("a paper in a post, and the post", f"{packing['entry_bytes']} and {packing['post_bytes']} bytes", "")
    row("– after four months", f"{packing['thinned_entry_bytes']} and {packing['thinned_post_bytes']} bytes", "")


def matching_rows(matching: dict[str, Any]) -> None:
    asked = f"{matching['queries']:,} distinct queries, {matching['papers']:,} papers"
    row(f"{asked}: the index made with its tables in", f"{matching['build_seconds']} s", "≤ 0.6 s")
    row(f"{asked}: streamed, matched, {matching['pairs']:,} pairs listed", f"{matching['match_seconds']} s", "≤ 2.5 s")
    row("– as fast as an FTS5 query a watch (of a sample, scaled)", f"{matching['fts_ratio']} ×", "≥ 25 ×")
    row("– as fast as words in sets, pair by pair (of a sample, scaled)", f"{matching['words_ratio']} ×", "≥ 300 ×")
    row("– peak memory above rest", f"{matching['above_rest_mb']} MB", "≤ 60 MB")
    row("– the same, above a store just opened", f"{matching['above_opened_mb']} MB", "")
    differing = f"pairs of {matching['sample']:,} queries of which `Query.matches` says otherwise"
    row(f"– {differing}", str(matching["different"]), "0")
    row(f"the same queries, a poll of {matching['poll_papers']} papers", f"{matching['poll_seconds']} s", "≤ 1.5 s")


def bulk_import(folder: Path) -> str:
    """How fast the same papers are imported and recorded, and in how much memory."""
    snapshot = folder / "snapshot.json"
    write_snapshot(snapshot, BULK)
    imported = run("benchmarks.bulk_import", "import", str(snapshot), str(folder / "imported.db"))
    recorded = run("benchmarks.bulk_import", "ordinary", str(snapshot), str(folder / "recorded.db"))
    return (
        f"{imported['papers_a_second']:,} papers/s ({recorded['papers_a_second']:,}), "
        f"peak {imported['peak_mb']} MB ({recorded['peak_mb']})"
    )


def at_full_size(folder: Path) -> dict[str, dict[str, Any]]:
    """The figures of the drains and of a large file, which is made beside them."""
    file = folder / "whole.db"
    with ThreadPoolExecutor() as beside:
        # The drains wait for the platforms' limits most of their time; their event loops are held longer than alone.
        made = beside.submit(run, "benchmarks.whole", str(file))
        full = {"drain": run("benchmarks.drain"), "discord_drain": run("benchmarks.discord_drain")}
        full["whole"] = made.result()
    for name in ("rest", "keeping", "fanout"):
        full[name] = run(f"benchmarks.{name}", str(file))
    file.unlink()
    return full


def main() -> None:
    poll = run("benchmarks.poll")
    acks = {platform: run("benchmarks.acks", platform) for platform in ("slack", "discord")}
    packing = run("benchmarks.packing")
    due = run("benchmarks.due")
    mails = run("benchmarks.mails")
    matching = run("benchmarks.matching")
    with TemporaryDirectory() as folder:
        full = at_full_size(Path(folder))
        database = str(Path(folder) / "bench.db")
        fill = run("benchmarks.fill", database)
        rest = run("benchmarks.rest", database)
        replies = run("benchmarks.replies", database)
        similar = run("benchmarks.similar", database)
        bulk = bulk_import(Path(folder))
    started = help_seconds()
    print(f"\nPapers: {poll['source']}. Python {sys.version.split()[0]}.\n")
    row("what", "measured", "goal")
    row("---", "---", "---")
    poll_rows(poll)
    row("`paperroute --help`", f"{started:.2f} s", "≤ 0.4 s")
    row("memory at rest, 100,000 papers, 1,000 watches", f"{rest['resting_mb']} MB", "≤ 120 MB")
    row("processor at rest", f"{rest['idle_cpu_percent']} %", "")
    row("SIGTERM to exit", f"{rest['stopped_after_seconds']} s, status {rest['exit_status']}", "≤ 5 s, 0")
    row(f"a reply over {replies['papers']:,} papers, median", f"{replies['median_ms']} ms", "≤ 100 ms")
    for kind, median in replies["medians_ms"].items():
        row(f"– `{kind}`", f"{median} ms", "")
    row("replies: event loop held", f"{replies['loop_held_ms']} ms", "≤ 50 ms")
    row("replies: peak memory", f"{replies['peak_mb']} MB", "")
    acks_rows(acks)
    drain_rows(full["drain"], full["discord_drain"])
    mail_rows(mails)
    matching_rows(matching)
    packing_rows(packing)
    due_rows(due)
    whole_rows(full["whole"], full["rest"])
    keeping_rows(full["keeping"])
    fanout_rows(full["fanout"])
    similar_rows(similar)
    row("filling the archive with full text", f"{fill['papers_a_second']:,} papers/s", "")
    row("file of 100,000 papers", f"{fill['file_mb']} MB", "")
    row("filling: peak memory", f"{fill['peak_mb']} MB", "")
    row("importing bulk metadata (beside it: the same papers as polls record them)", bulk, "≥ 8,000 papers/s")
    print(
        f"\nPeak memory of the largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000:.0f} MB"
    )


if __name__ == "__main__":
    main()
