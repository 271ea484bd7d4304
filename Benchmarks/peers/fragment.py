# SPDX-License-Identifier: Apache-2.0
"""The figures as Markdown: the tables of docs/performance.md, and the short one of the README."""
import json
import os

from cells import cell, table

ENGINE = "engine alone, called from Python"


def milliseconds(microseconds):
    value = microseconds / 1000
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def both(wait):
    return f"{milliseconds(wait['p50_us'])} / {milliseconds(wait['p99_us'])}"


def of_cost(found):
    return "\n\n".join(of_subject(one) for one in found["subjects"].values())


def of_subject(one):
    streams = list(next(iter(one["lines"].values())))
    head = [one["says"], *(f"CPU µs, {count}" for count in streams), "× Slipway",
            *(f"p50 / p99 ms, {count}" for count in streams), "answers/s"]
    rows = [[ENGINE, *[cell(one["engine_us"])] * len(streams), *[""] * (len(streams) + 2)]]
    for name, at in one["lines"].items():
        costs = [cell(at[count]["cpu_us"]) for count in streams]
        waits = [both(at[count]) for count in streams]
        rows.append([name, *costs, f"{at['16']['ratio']:.1f}", *waits, f"{at['16']['per_second']:,.0f}"])
    return table(head, rows)


def of_begin(found):
    rows = [[name, f"{one['first_answer_s']:.2f}", f"{one['idle_mib']:.0f}", f"{one['loaded_mib']:.0f}",
             str(one["threads"])] for name, one in found.items()]
    return table(["one small model", "first answer, s", "MiB idle", "MiB under load", "threads"], rows)


def of_pixels(found):
    counts = list(next(iter(found["lines"].values())))
    rows = [[ENGINE, *[cell(found["engine_us"])] * len(counts), *[""] * len(counts)]]
    for name, at in found["lines"].items():
        rows.append([name, *(cell(at[count]["cpu_us"]) for count in counts), *(both(at[count]) for count in counts)])
    return table(["602 kB over gRPC", *(f"CPU µs, {count}" for count in counts),
                  *(f"p50 / p99 ms, {count}" for count in counts)], rows)


def of_batch(found):
    shares, rows = list(next(iter(found["servers"].values()))["stages"]), []
    for name, one in found["servers"].items():
        rows.append([name, f"{one['saturation']:,.0f}", *(
            f"{at['goodput']:,.0f}, {at['p99_ms']:,.1f}" + (f", {at['refused']:,} refused" if at["refused"] else "")
            for at in one["stages"].values())])
    return table([f"one row {found['row_ms']:.2f} ms, {found['batch']} rows {found['batch_ms']:.2f} ms",
                  "answers/s, 16 callers at once",
                  *(f"at {float(share) * found['rate']:,.0f}/s ({float(share):.0%}): goodput/s, p99 ms"
                    for share in shares)], rows)


def of_swap(found):
    rows = []
    for name, one in found.items():
        under, without = one["with"], one["without"]
        rows.append([name, f"{under['sent']:,}", str(under["lost"]), str(under["failed"]), str(under["of_neither"]),
                     f"{one['swap_ms']:,.0f}", f"{without['p99_ms']:.1f}", f"{under['p99_ms']:.1f}",
                     f"{under['longest_ms']:,.0f}"])
    some = next(iter(found.values()))
    return table([f"{some['swaps']} swaps at {some['rate']:,.0f} requests/s", "sent", "lost", "failed",
                  "of neither version", "a swap, ms", "p99 ms without", "p99 ms meanwhile", "longest ms"], rows)


def of_many(found):
    rows = []
    for name, one in found.items():
        if "reason" in one:
            rows.append([name, one["reason"], *[""] * 6])
            continue
        rows.append([name, f"{one['ready_s']:.1f}", f"{one['all_answered_s']:.1f}", f"{one['kib_a_model']:,.0f}",
                     f"{one['mib']:,.0f}", f"{one['threads']:,}",
                     f"{one['cold_p50_ms']:.1f} / {one['cold_p99_ms']:.1f}",
                     f"{one['warm_p50_ms']:.1f} / {one['warm_p99_ms']:.1f}"])
    count = next(one["models"] for one in found.values() if "models" in one)
    return table([f"{count:,} models", "ready, s", "all answered, s", "KiB a model", "MiB", "threads",
                  "first request to each, p50 / p99 ms", "later ones"], rows)


def short(result):
    """CPU of one small prediction, beside start and memory: what the README has."""
    if "cost" not in result or "begin" not in result or "linear" not in result["cost"]["subjects"]:
        return None
    rows, lines = [], result["cost"]["subjects"]["linear"]["lines"]
    for name, one in result["begin"].items():
        costs = [cell(lines[key]["16"]["cpu_us"]) if (key := f"{name} · {protocol}") in lines else "–"
                 for protocol in ("JSON", "gRPC")]
        rows.append([name, *costs, f"{one['first_answer_s']:.1f}", f"{one['idle_mib']:.0f}"])
    return table(["one row, 16 callers", "JSON, CPU µs", "gRPC, CPU µs", "first answer, s", "idle, MiB"], rows)


MAKERS = {"cost": of_cost, "begin": of_begin, "pixels": of_pixels, "batch": of_batch, "swap": of_swap, "many": of_many}


def markdown(result):
    versions = ", ".join(f"{name} {version}" for name, version in sorted(result.get("versions", {}).items()))
    loads = ", ".join(f"{question} {load:.1f}" for question, load in result["load_average"].items())
    parts = [f"{result['date']}, {result['slipway']}, {result['machine']}; {versions}. Load average over five minutes, "
             f"at the end of each: {loads}."]
    busy = max(result["load_average"].values(), default=0)
    if busy > 2 * os.cpu_count():
        parts.append(f"The machine had much other work meanwhile (load average {busy:.1f} on {os.cpu_count()} cores): "
                     "CPU a request and its ratios hold better than times do.")
    parts += [f"{name} was left out: {reason}." for name, reason in result["left_out"].items()]
    if brief := short(result):
        parts.append(brief)
    return "\n\n".join(parts + [make(result[key]) for key, make in MAKERS.items() if key in result])


def write(result, output):
    output.write_text(json.dumps(result, indent=2) + "\n")
    output.with_suffix(".md").write_text(markdown(result) + "\n")
