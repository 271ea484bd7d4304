# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/performance.md, one file for each question. Prints Markdown tables, writes bench.json.

    .tools/venv-bench/bin/python Benchmarks/serving/bench.py [--long | --only QUESTION…] [--binary PATH]

    peers   CPU of a prediction beside the engine, a bare HTTP server, FastAPI and MLServer
    start   start to first correct answer, idle memory
    image   an image as binary tensor, over the engine
    workers a pickled pipeline: converted, in a worker, and in MLServer
    swaps   --long: two versions that take turns under load
    burst   --long: ten times the steady rate, while a large model loads beside
    flat    --long: memory over --requests requests
"""
import argparse
import contextlib
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import burst
import cells
import flat
import image
import peers
import report
import servers
import start
import swaps
import workers
from inputs import EXAMPLE, ROOT

SHORT, LONG = ("start", "peers", "image", "workers"), ("swaps", "burst", "flat")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SHORT + LONG, help="these questions and no others")
    parser.add_argument("--long", action="store_true", help="the long ones as well")
    parser.add_argument("--binary", default=str(ROOT / ".build/release/slipway"))
    parser.add_argument("--output", default=str(ROOT / "bench.json"))
    parser.add_argument("--rounds", type=int, default=5, help="how often each server has its turn")
    parser.add_argument("--seconds", type=int, default=2, help="of one slice of load")
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--swaps", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=2000, help="requests a second while versions are swapped")
    parser.add_argument("--megabytes", type=int, default=500, help="of the model that loads beside the burst")
    parser.add_argument("--requests", type=int, default=10_000_000, help="over which memory is watched")
    return parser.parse_args()


def versions():
    named = {"FastAPI": "fastapi", "uvicorn": "uvicorn", "MLServer": "mlserver", "ONNX Runtime": "onnxruntime"}
    found = [f"{name} {importlib.metadata.version(package)}" for name, package in named.items()]
    return ", ".join(found + [f"Python {platform.python_version()}"])


def answer(question, options, folder):
    """Each question has servers of its own, and a folder that goes away."""
    data = os.path.join(folder, "data")

    def slipway(stack, *extra):
        return servers.slipway(stack, options.binary, data, *extra)

    with contextlib.ExitStack() as stack:
        if question == "swaps":
            return swaps.measure(slipway(stack), folder, options.swaps, options.rate, 15 * options.seconds)
        if question == "burst":
            lane = slipway(stack, "--lane-threads", "1")
            return burst.measure(lane, folder, min(3, options.rounds), 2 * options.seconds, options.megabytes)
        if question == "image":
            return image.measure(slipway(stack), folder, options.rounds, options.seconds)
        if question == "workers":
            return workers.measure(slipway(stack), folder, options.rounds, options.seconds)
        server = slipway(stack)
        servers.command(server, "deploy", EXAMPLE)
        if question == "peers":
            return peers.measure(server, folder, options.rounds, options.seconds)
        if question == "flat":
            return flat.measure(server, folder, options.requests)
    return start.measure(options.binary, data, options.starts)


def main():
    options = arguments()
    said = subprocess.run([options.binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    result = {"date": time.strftime("%Y-%m-%d"), "machine": cells.machine(), "slipway": said, "versions": versions()}
    for question in options.only or SHORT + (LONG if options.long else ()):
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
            result[question] = answer(question, options, folder)
        print(f"bench: {question} took {time.monotonic() - began:.0f} s", file=sys.stderr)
        # After each, so that what was measured outlives what fails.
        pathlib.Path(options.output).write_text(json.dumps(result, indent=2) + "\n")
    print(report.markdown(result))


if __name__ == "__main__":
    main()
