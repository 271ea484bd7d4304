# SPDX-License-Identifier: Apache-2.0
"""The figures as Markdown, for a README or a page."""
import statistics

import peers
from cells import cell, figures, table


def of_peers(found):
    """CPU a request, and how many times Slipway's that is."""
    def costs(one):
        found = [one[str(count)] for count in peers.CONNECTIONS]
        return [f"{cell(at['cpu_us'])} ({at['ratio']:.{1 if at['ratio'] >= 2 else 2}f} ×)" for at in found]
    engine = cell(found["engine_from_python_us"])
    rows = [["engine alone, called from Python", *[engine] * len(peers.CONNECTIONS), "", ""]]
    for name, one in found["servers"].items():
        rows.append([name, *costs(one), f"{one['start_seconds']:.2f}", f"{one['loaded_mib']:.0f}"])
    head = ["CPU µs a request (× Slipway), at", *(f"{count} connections" for count in peers.CONNECTIONS),
            "start, s", "memory, MiB"]
    head[1] = "1 connection"
    return table(head, rows)


def of_start(found):
    return table(["Slipway", ""], [
        ["start to first correct answer, median", f"{found['first_answer_ms']:.0f} ms"],
        ["… fastest", f"{found['first_answer_ms_least']:.0f} ms"],
        ["resident memory, idle for five seconds after that answer", f"{found['idle_mib']:.0f} MiB"]])


def of_image(found):
    rows = [["engine alone, called from Python", cell(found["engine_from_python_us"]), ""]]
    rows += [[f"Slipway, {count} connection{'s' * (count != '1')}", cell(one["cpu_us"]), cell(one["over_engine_us"])]
             for count, one in found.items() if count.isdigit()]
    return table(["image of 224 × 224 × 3 float32, binary v2", "CPU µs a request", "over the engine"], rows)


def of_workers(found):
    """CPU a request over the whole tree, and how fast answers came."""
    rows = []
    for name, one in found["servers"].items():
        alone, many = one["1"], one["16"]
        rows.append([name, cell(alone["cpu_us"]), cell(alone["p50_us"]), cell(many["cpu_us"]), cell(many["per_second"]),
                     f"{one['loaded_mib']:.0f}"])
    return table(["a pickled pipeline", "CPU µs a request, 1 connection", "p50 µs", "CPU µs, 16 connections",
                  "answers/s", "memory, MiB"], rows)


def of_swaps(found):
    runs = [found["without"], found["with"], found["without_again"]]
    def row(label, key, scale=1.0, form="{:,.0f}"):
        return figures(label, [None if run[key] is None else run[key] * scale for run in runs], form)
    whole = "Every request was accepted, answered" if found["whole"] else "NOT every request was accepted, answered"
    band = "not above" if found["p99_not_above_the_band"] else "ABOVE"
    said = (f"{whole} once, and by one of the two versions. p99 during the swaps is {band} that of both runs without; "
            f"a swap took {found['swap_ms']:.0f} ms (median), {found['swap_ms_longest']:.0f} at most.")
    return said + "\n\n" + table([f"at {found['rate']:,.0f} requests/s", "no swaps", f"{found['swaps']:,} swaps", "no swaps again"], [
        row("sent", "sent"), row("accepted, by the server's count", "server_accepted"), row("answered", "answered"),
        row("refused", "refused"), row("lost", "lost"), row("from version 1", "of_version_1"),
        row("from version 2", "of_version_2"), row("from neither", "of_neither"),
        row("p50, ms", "p50_us", 1e-3, "{:.2f}"), row("p99, ms", "p99_us", 1e-3, "{:.2f}"),
        row("p99.9, ms", "p999_us", 1e-3, "{:.2f}"), row("memory afterwards, MiB", "mib_after", 1, "{:.0f}")])


def of_burst(found):
    """Medians over the rounds."""
    def row(label, read, form="{:,.1f}"):
        columns = [[read(run) for run in found[key]] for key in ("alone", "while_loading")]
        known = [[value for value in values if value is not None] for values in columns]
        return figures(label, [statistics.median(values) if values else None for values in known], form)
    return table(["ten times the steady rate for 2 s", "alone", f"{found['loaded_megabytes']} MB loading beside"], [
        row("saturation, answers/s", lambda run: run["saturation_per_second"], "{:,.0f}"),
        row("steady rate, requests/s", lambda run: run["steady_per_second"], "{:,.0f}"),
        row("sent in the burst", lambda run: run["burst"]["sent"], "{:,.0f}"),
        row("answered", lambda run: run["burst"]["answered"], "{:,.0f}"),
        row("refused", lambda run: run["burst"]["refused"], "{:,.0f}"),
        row("neither", lambda run: run["burst"]["other"], "{:,.0f}"),
        row("goodput, of saturation", lambda run: run["goodput_of_saturation"] * 100, "{:.0f} %"),
        row("refusals, p50 ms", lambda run: run["burst"]["refused_p50_ms"]),
        row("refusals, p99 ms", lambda run: run["burst"]["refused_p99_ms"]),
        row("accepted, p99 ms", lambda run: run["burst"]["accepted_p99_ms"]),
        row("accepted, p99 ms, steady before", lambda run: run["steady"]["accepted_p99_ms"]),
        row("… × steady", lambda run: run["accepted_p99_of_steady"]),
        row("client's own lateness, p99 ms", lambda run: run["burst"]["client_late_p99_ms"]),
        row("time to load, s", lambda run: run.get("load_seconds"))])


def of_flat(found):
    return table(["requests", "memory before, MiB", "after", "largest", "bytes a request"], [[
        f"{found['requests']:,}", f"{found['first_mib']:.1f}", f"{found['last_mib']:.1f}",
        f"{found['largest_mib']:.1f}", f"{found['bytes_a_request']:.3f}"]])


def markdown(result):
    parts = [f"{result['date']}, {result['slipway']}, {result['machine']}; {result['versions']}."]
    makers = {"peers": of_peers, "start": of_start, "image": of_image, "workers": of_workers, "swaps": of_swaps, "burst": of_burst,
              "flat": of_flat}
    return "\n\n".join(parts + [make(result[key]) for key, make in makers.items() if key in result])
