# SPDX-License-Identifier: Apache-2.0
"""What joining requests is worth: goodput and p99 at shares of what the model answers one row at a time.

    python Benchmarks/batching/bench.py [--seconds 8] [--rounds 3] [--binary .build/release/slipway]

The model is a chain of small products of which 32 rows take about six times as long as one; the exact figure is measured
first and printed. Saturation is what the endpoint answers with `batching off` when three times as much is sent. The two
settings take turns at each load. Goodput is answers with status 200 a second, as a share of that saturation; latencies
count from the moment at which a request was due. Each setting's own saturation stands in the last rows.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "PythonSupport"))

LAYERS, WIDTH = 300, 96
LOADS = (0.5, 0.9, 1.5, 3.0)
SETTINGS = {"off": ["--batching", "off"], "auto": ["--batching", "auto"]}


def folder_with_model(folder, examples=64):
    import large_model

    large_model.write_chain(folder / "model.onnx", LAYERS, WIDTH)
    numbers = random.Random(5)
    lines = []
    for _ in range(examples):
        row = [round(numbers.uniform(-1, 1), 3) for _ in range(WIDTH)]
        lines.append(json.dumps({"inputs": {"values": row}}))
    (folder / "examples.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "slipway.yaml").write_text(
        "schema: slipway/1\nmodel: {name: net}\nproof: {examples: {data: examples.jsonl, origin: self}}\n"
        "endpoints: {net: {run_on: lane}}\n")
    return folder


def load(server, rate, seconds, connections):
    report = json.loads(server.slipway(
        "bench", "net", "--rate", f"{rate:.0f}/s", "--duration", f"{seconds}s", "--connections", connections,
        "--body", "binary", "--warm-up", "2s", "--format", "json").stdout)
    found = report["endpoints"][0]
    return {
        "sent": found["sent"], "good": found["statuses"].get("200", 0), "goodput": found["achievedPerSecond"],
        "p50_ms": found["latency"]["p50"] / 1000, "p99_ms": found["latency"]["p99"] / 1000,
        "cpu_us": found["processorPerRequest"], "agree": found["answersAgreed"] == found["answersChecked"],
        "late": found["sentLate"], "waited": found["waitedForConnection"]}


def set_to(server, setting):
    server.slipway("endpoint", "set", "net", *SETTINGS[setting])


def batching(server):
    return json.loads(server.slipway("endpoint", "show", "net", "--format", "json").stdout)["endpoint"]["batching"]


def measure(server, seconds, rounds, connections):
    set_to(server, "off")
    one_ms = json.loads(
        server.slipway("endpoint", "show", "net", "--format", "json").stdout)["endpoint"]["oneRowMicroseconds"] / 1000
    guess = 3000 / one_ms
    saturation = statistics.median(load(server, guess, seconds, connections)["goodput"] for _ in range(3))
    print(f"one row takes {one_ms:.2f} ms; {batching(server)['reason']}", file=sys.stderr)
    print(f"saturation with batching off: {saturation:.0f} requests/s", file=sys.stderr)
    rows = []
    for share in LOADS:
        found = {setting: [] for setting in SETTINGS}
        for turn in range(rounds):
            for setting in sorted(SETTINGS, reverse=turn % 2 == 1):
                set_to(server, setting)
                before = batching(server)
                one = load(server, share * saturation, seconds, connections)
                after = batching(server)
                calls = after["calls"] - before["calls"]
                one["rows_a_call"] = (after["rows"] - before["rows"]) / calls if calls else None
                one["cap"] = after["rowCap"]
                found[setting].append(one)
        for setting, runs in found.items():
            middle = {key: statistics.median(run[key] for run in runs) for key in
                      ("goodput", "p50_ms", "p99_ms", "cpu_us", "rows_a_call", "cap")}
            rows.append({"load": share, "batching": setting, "runs": runs} | middle)
    return {"one_row_ms": one_ms, "reason": batching(server)["reason"], "saturation": saturation, "rows": rows}


def table(result):
    lines = [
        "| load, of saturation | batching | answered, of saturation | refused | p50, ms | p99, ms | rows a call | CPU µs a request |",
        "|--:|---|--:|--:|--:|--:|--:|--:|"]
    for row in result["rows"]:
        refused = 1 - sum(run["good"] for run in row["runs"]) / sum(run["sent"] for run in row["runs"])
        lines.append(
            f"| {row['load']:.0%} | {row['batching']} | {row['goodput'] / result['saturation']:.0%} | {refused:.1%} | "
            f"{row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['rows_a_call']:.1f} | {row['cpu_us']:.0f} |")
    return "\n".join(lines)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=int, default=8)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--connections", type=int, default=256)
    options.add_argument("--binary", default=str(ROOT / ".build" / "release" / "slipway"))
    options.add_argument("--json", help="where to write everything that was measured")
    chosen = options.parse_args()
    os.environ["SLIPWAY_BINARY"] = chosen.binary
    import program

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model = folder / "net"
        model.mkdir()
        folder_with_model(model)
        with program.running(folder / "server") as server:
            server.slipway("deploy", model)
            result = measure(server, chosen.seconds, chosen.rounds, chosen.connections)
            if not all(run["agree"] for row in result["rows"] for run in row["runs"]):
                sys.exit("an answer differs from the recorded one")
            print(table(result))
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
