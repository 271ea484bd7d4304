# SPDX-License-Identifier: Apache-2.0
"""What logging and searching cost, beside MLflow's own server on SQLite, in one run: the same requests over the same client.

    make bench-tracking
    python Benchmarks/tracking/bench.py --large      # Slipway alone: 10,000 runs, 10,000,000 points; needs the built program

Rates are of requests that were acknowledged, each on disk before: both servers keep their SQLite files so. Writes
tracking.json.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

import psutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "PythonSupport"))
os.environ.setdefault("SLIPWAY_MLFLOW_REFERENCE", str(ROOT / ".tools" / "venv-mlflow" / "bin" / "mlflow"))
from mlflow_reference import reference_running  # noqa: E402
from mlflow_rest import Rest  # noqa: E402
from program import running  # noqa: E402

SECONDS = 5
CLIENTS = 8
FILTER = "metrics.auc > 0.5 AND params.kind = 'tree'"


def rate(url, clients, prepare, call):
    """Calls a second that `clients` of them get done at the same time, each over a connection of its own."""
    done, stop = [0] * clients, threading.Event()
    made = [(rest := Rest(url), prepare(rest)) for _ in range(clients)]

    def work(number):
        rest, thing = made[number]
        while not stop.is_set():
            call(rest, thing, done[number])
            done[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)


def latency(call, count=30):
    """Median and slowest of so many calls, in ms."""
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        call()
        times.append((time.perf_counter() - begun) * 1000)
    return {"median": round(statistics.median(times), 2), "slowest": round(max(times), 2)}


def memory(pid):
    """Resident MiB of a process and its children."""
    process = psutil.Process(pid)
    return round(sum(each.memory_info().rss for each in [process, *process.children(recursive=True)]) / 2**20)


def log_runs(rest, experiment, count, first=0):
    """Runs with five metrics, five parameters and two tags each."""
    for number in range(first, first + count):
        run = rest.new_run(experiment, start_time=1_700_000_000_000 + number, run_name=f"run-{number}")
        rest.post(
            "runs/log-batch",
            run_id=run,
            metrics=[
                {"key": key, "value": (number * 37 * step % 1000) / 1000, "timestamp": 1, "step": 0}
                for step, key in enumerate(["auc", "loss", "f1", "recall", "time"], 1)
            ],
            params=[{"key": key, "value": str(number % 7)} for key in ["a", "b", "c", "d"]]
            + [{"key": "kind", "value": "tree" if number % 3 else "linear"}],
            tags=[{"key": "team", "value": "ab"[number % 2]}, {"key": "mlflow.user", "value": "ada"}],
        )


def measure(server, runs):
    rest = Rest(server.url)
    experiment = rest.new_experiment()
    point = {"key": "m", "value": 1.5, "timestamp": 1}
    batch = [{"key": f"m{index % 10}", "value": index, "timestamp": 1} for index in range(100)]

    def log_metric(rest, run, step):
        rest.post("runs/log-metric", run_id=run, step=step, **point)

    def log_batch(rest, run, step):
        rest.post("runs/log-batch", run_id=run, metrics=[each | {"step": step} for each in batch])

    def new_run(rest):
        return rest.new_run(experiment)

    figures = {"memory_idle": memory(server.process.pid)}
    for clients in (1, CLIENTS):
        figures[f"log_metric_{clients}"] = round(rate(server.url, clients, new_run, log_metric))
        figures[f"log_batch_of_100_{clients}"] = round(rate(server.url, clients, new_run, log_batch))
    figures["create_run_1"] = round(rate(server.url, 1, lambda _: experiment, lambda rest, it, _: rest.new_run(it)))
    searched = rest.new_experiment()
    log_runs(rest, searched, runs)
    figures |= searches(rest, searched)
    figures["memory_end"] = memory(server.process.pid)
    return figures


def searches(rest, experiment):
    def search(**fields):
        return rest.post("runs/search", experiment_ids=[experiment], **fields)["runs"]

    assert all(run["info"]["experiment_id"] == experiment for run in search(max_results=5))
    return {
        "search_newest_100": latency(lambda: search(max_results=100)),
        "search_filtered_100": latency(lambda: search(filter=FILTER, max_results=100)),
        "search_by_metric_100": latency(lambda: search(filter=FILTER, order_by=["metrics.auc DESC"], max_results=100)),
        "search_1000": latency(lambda: search(max_results=1000), 10),
        "get_run": latency(lambda run=search(max_results=1)[0]["info"]["run_id"]: rest.run(run)),
    }


def measure_large(server, runs, points):
    """Ten thousand runs; and ten million points, in runs of their own."""
    rest = Rest(server.url)
    experiment = rest.new_experiment()
    begun = time.perf_counter()
    log_runs(rest, experiment, runs)
    figures = {"runs": runs, "runs_per_s": round(runs / (time.perf_counter() - begun))}
    holder = rest.new_experiment()
    series = [rest.new_run(holder) for _ in range(10)]
    begun, logged = time.perf_counter(), 0
    while logged < points:
        run = series[logged // 1000 % len(series)]
        batch = [{"key": "loss", "value": step / 7, "timestamp": step, "step": step} for step in range(logged, logged + 1000)]
        rest.post("runs/log-batch", run_id=run, metrics=batch)
        logged += 1000
    figures |= {"points": logged, "points_per_s": round(logged / (time.perf_counter() - begun))}
    figures |= searches(rest, experiment)
    page = {"run_id": series[0], "metric_key": "loss", "max_results": 25_000}
    figures["history_first_25000"] = latency(lambda: rest.get("metrics/get-history", **page), 5)
    token = rest.get("metrics/get-history", **page | {"max_results": points // len(series) - 25_000})["next_page_token"]
    figures["history_last_25000"] = latency(lambda: rest.get("metrics/get-history", **page, page_token=token), 5)
    interval = {"run_ids": series[0], "metric_key": "loss", "max_results": 300}
    figures["sample_300_of_a_million"] = latency(lambda: rest.get("metrics/get-history-bulk-interval", **interval), 3)
    figures["memory_end"] = memory(server.process.pid)
    figures["database_mib"] = round(sum(file.stat().st_size for file in server.data.glob("registry.sqlite*")) / 2**20)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="runs that are searched, beside MLflow")
    parser.add_argument("--large", action="store_true", help="Slipway alone, with ten thousand runs and ten million points")
    parser.add_argument("--points", type=int, default=10_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        figures = {}
        if options.large:
            with running(folder / "slipway") as server:
                figures["slipway, large"] = measure_large(server, 10_000, options.points)
        else:
            for name, start in [("slipway", running), ("mlflow", reference_running)]:
                (folder / name).mkdir()
                with start(folder / name) as server:
                    figures[name] = measure(server, options.runs)
    for name, each in figures.items():
        print(name)
        for key, value in each.items():
            print(f"  {key:28} {value}")
    (ROOT / "tracking.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
