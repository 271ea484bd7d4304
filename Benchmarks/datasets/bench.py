# SPDX-License-Identifier: Apache-2.0
"""What versions of data cost: a million rows of twenty columns, added, compared and checked, and what versions share.

make bench-datasets                      a release build; about five minutes
OPTIONS="--rows 100000" make bench-datasets

One server and one command at a time, on one machine; each command is timed as a whole, its start included. Memory is the
largest resident set, by /proc; pyarrow's process is not in it. Prints figures; writes datasets.json.
"""

import argparse
import contextlib
import json
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import pandas

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "PythonSupport"))

from program import BINARY, running  # noqa: E402

WORDS = ["basic", "pro", "team", "north", "south", "east", "west", "card", "transfer", "cash"]


def frame(rows, seed=1):
    """Keys, counts, prices, shares, categories, free texts, moments and holes, as tables of customers have them."""
    draw = numpy.random.default_rng(seed)
    columns = {"id": numpy.arange(rows)}
    for number in range(5):
        columns[f"count_{number}"] = draw.integers(0, 10 ** (number + 1), rows)
    for number in range(6):
        columns[f"amount_{number}"] = numpy.round(draw.lognormal(3, 1, rows), 2)
    for number in range(2):
        values = draw.normal(0, 1, rows)
        values[draw.random(rows) < 0.05] = numpy.nan
        columns[f"score_{number}"] = values
    for number in range(3):
        columns[f"kind_{number}"] = draw.choice(WORDS, rows)
    columns["member"] = draw.random(rows) < 0.3
    columns["since"] = pandas.Timestamp("2020-01-01") + pandas.to_timedelta(draw.integers(0, 200_000_000, rows), "s")
    columns["code"] = [f"C{value:07x}" for value in draw.integers(0, 1 << 28, rows)]
    return pandas.DataFrame(columns)


def high_water_mib(pid):
    """The largest resident set since the program began, or was last asked to forget it."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found.group(1)) / 1024 if found else 0
    return 0


class Bench:
    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.figures = {}

    def command(self, *arguments, code=0):
        """Seconds, the largest memory of the command in MiB, and what it printed."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            started = time.monotonic()
            process = subprocess.Popen(
                [BINARY, "dataset", *map(str, arguments)], env=self.server.environment, stdout=output, stderr=errors
            )
            memory = 0
            # What wait4 says would be this process's memory at least, from which the command was started.
            while process.poll() is None:
                memory = max(memory, high_water_mib(process.pid))
                time.sleep(0.005)
            seconds = time.monotonic() - started
            output.seek(0)
            errors.seek(0)
            if process.returncode != code:
                raise SystemExit(f"dataset {' '.join(map(str, arguments))}: {errors.read().decode()}")
            return seconds, memory, output.read()

    def peak(self):
        """The server's largest memory since it was last asked, in MiB."""
        peak = high_water_mib(self.server.pid)
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.server.pid}/clear_refs").write_text("5")
        return peak

    def timed(self, what, *arguments, size=None, code=0):
        self.peak()
        seconds, memory, output = self.command(*arguments, "--format", "json", code=code)
        found = {"seconds": round(seconds, 2), "client_mib": round(memory), "server_mib": round(self.peak())}
        if size:
            found["mb_per_second"] = round(size / 1e6 / seconds, 1)
        self.figures[what] = found
        print(f"{what:38}", "  ".join(f"{name} {value}" for name, value in found.items()), flush=True)
        return json.loads(output)

    def shared(self, what, path, name, *options):
        """The share of the file, and of the digests of its rows, that the first version has already."""
        _, _, output = self.command("add", path, "--name", name, *options, "--format", "json")
        version = json.loads(output)["version"]
        first, record = (self.record(name, number) for number in (1, version["version"]))
        found = {}
        for part in ["data", "rows"]:
            known = {digest for digest, _ in first[part]["chunks"]}
            size = record[part]["bytes"]
            new = sum(size for digest, size in {tuple(chunk) for chunk in record[part]["chunks"]} if digest not in known)
            found["file" if part == "data" else "row digests"] = round(100 * (1 - new / size), 1)
        self.figures[f"shared: {what}"] = found
        print(f"shared: {what:30}", "  ".join(f"{part} {value} %" for part, value in found.items()), flush=True)

    def record(self, name, version):
        return json.loads(self.command("show", f"{name}@{version}", "--format", "json")[2])


def variants(table, rows):
    """What happens to tables: by name."""
    draw = numpy.random.default_rng(2)
    appended = pandas.concat([table, frame(rows // 100, seed=3).assign(id=range(rows, rows + rows // 100))])
    scattered = table.copy()
    places = draw.choice(rows, rows // 1000, replace=False)
    scattered.loc[places, "amount_0"] = -1.0
    together = table.copy()
    together.loc[rows // 2 : rows // 2 + 99, "amount_0"] = -1.0
    return {
        "1 % of rows appended": appended,
        "0.1 % of rows edited, scattered": scattered,
        "100 rows edited, in one place": together,
        "100 rows removed, in one place": table.drop(range(rows // 2, rows // 2 + 100)),
        "a column added": table.assign(more=draw.integers(0, 100, rows)),
        "sorted by another column": table.sort_values("amount_0", kind="stable"),
    }


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--output", type=Path, default=ROOT / "datasets.json")
    chosen = arguments.parse_args()
    rows = chosen.rows
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        table = frame(rows)
        csv, parquet = folder / "table.csv", folder / "table.parquet"
        table.to_csv(csv, index=False)
        table.to_parquet(parquet, index=False)
        sizes = {path: path.stat().st_size for path in (csv, parquet)}
        print(f"{rows} rows, {len(table.columns)} columns: CSV {sizes[csv] / 1e6:.0f} MB, Parquet {sizes[parquet] / 1e6:.0f} MB")
        with running(folder / "server", SLIPWAY_PYTHON=sys.executable) as server:
            bench = Bench(server, folder)
            bench.timed("add the CSV", "add", csv, "--name", "csv", "--key", "id", size=sizes[csv])
            bench.timed("add it again", "add", csv, "--name", "csv", "--key", "id", size=sizes[csv])
            bench.timed("add its fingerprint", "add", csv, "--name", "print", "--fingerprint-only", size=sizes[csv])
            bench.timed("add the Parquet", "add", parquet, "--name", "parquet", "--key", "id", size=sizes[parquet])
            changed = variants(table, rows)
            edited = folder / "edited.csv"
            changed["0.1 % of rows edited, scattered"].to_csv(edited, index=False)
            bench.command("add", edited, "--name", "csv", "--key", "id")
            bench.timed("diff of two versions, by key", "diff", "csv@1", "csv@2")
            report = bench.timed("the same, with 5 rows shown", "diff", "csv@1", "csv@2", "--rows", "5")
            assert report["rows"]["changed"] == rows // 1000, report["rows"]
            expectations = folder / "expectations.yaml"
            expectations.write_bytes(bench.command("expect", "csv@1")[2])
            bench.timed("check the CSV", "check", csv, "--expectations", expectations, size=sizes[csv])
            bench.timed("check the Parquet", "check", parquet, "--expectations", expectations, size=sizes[parquet])
            bench.timed("get the CSV", "get", "csv@1", "--out", folder / "got.csv", size=sizes[csv])
            bench.timed("verify the CSV", "verify", "csv@1", csv, size=sizes[csv])
            for kind in ["csv", "parquet"]:
                for what, other in changed.items():
                    name = re.sub(r"\W+", "-", f"{kind}-{what}").strip("-")
                    path = folder / f"changed.{kind}"
                    first = csv if kind == "csv" else parquet
                    bench.command("add", first, "--name", name, "--key", "id")
                    if kind == "csv":
                        other.to_csv(path, index=False)
                    else:
                        other.to_parquet(path, index=False)
                    bench.shared(f"{kind}, {what}", path, name, "--key", "id")
    chosen.output.write_text(
        json.dumps({"machine": platform.processor() or platform.machine(), "rows": rows, "figures": bench.figures}, indent=1)
    )


main()
