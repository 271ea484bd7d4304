# SPDX-License-Identifier: Apache-2.0
"""Slipway beside MLServer, BentoML, FastAPI, MLflow and Triton's own server, over JSON and gRPC, with the same models.
Prints Markdown tables; writes them to peers.md, and all figures to peers.json.

    .tools/venv-peers/bin/python Benchmarks/peers/bench.py [--quick | --only QUESTION… | --peer NAME…] [--binary PATH]

    cost    CPU, latency and rate of a prediction: four models, each protocol, 1, 16 and 64 callers at once
    begin   start to first correct answer; memory and threads, idle and under load
    pixels  an image of 602 kB over gRPC
    batch   a net that takes rows together gladly, at 50, 90 and 150 % of saturation, beside Triton's dynamic batcher
    swap    a new version under load
    many    a thousand models
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

# What the two benchmarks share lies with the other one.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "serving"))

import batch
import begin
import cells
import cost
import fleet
import fragment
import many
import pixels
import swap
from inputs import ROOT

QUESTIONS = ("cost", "begin", "pixels", "batch", "swap", "many")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=QUESTIONS, default=QUESTIONS, help="these questions and no others")
    parser.add_argument("--peer", nargs="+", metavar="NAME", help="Slipway, and those with one of these in the name")
    parser.add_argument("--quick", action="store_true", help="one round, fewer models: whether it all works")
    parser.add_argument("--binary", default=str(ROOT / ".build/release/slipway"))
    parser.add_argument("--output", default=str(ROOT / "peers.json"), help="beside it goes the Markdown")
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn")
    parser.add_argument("--seconds", type=int, default=1, help="of one slice of load")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--swaps", type=int, default=10)
    parser.add_argument("--rate", type=float, default=200, help="requests a second while versions are swapped")
    parser.add_argument("--models", type=int, default=1000)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.starts, options.swaps, options.models = 1, 1, 4, 50
    return options


def say(text):
    print(f"peers: {text}", file=sys.stderr, flush=True)


def chosen(options):
    """The peers to measure, and why the others are not."""
    names = [name.casefold() for name in options.peer or [""]]
    wanted = [peer for peer in fleet.peers(options.binary)
              if peer.name == "Slipway" or any(name in peer.name.casefold() for name in names)]
    for name in names:
        if not any(name in peer.name.casefold() for peer in wanted):
            raise SystemExit(f"There is no peer whose name has “{name}” in it. There are: "
                             + "; ".join(peer.name for peer in fleet.peers(options.binary)))
    left_out = {peer.name: reason for peer in wanted if (reason := peer.missing())}
    for name, reason in left_out.items():
        say(f"{name} is left out: {reason}")
    return [peer for peer in wanted if peer.name not in left_out], left_out


def answer(question, peers, options, folder):
    if question == "cost":
        return cost.measure(peers, folder, options.rounds, options.seconds, say)
    if question == "begin":
        return begin.measure(peers, folder, options.starts, say)
    if question == "pixels":
        return pixels.measure(peers, folder, options.rounds, options.seconds, say)
    if question == "batch":
        return batch.measure(peers, options.binary, folder, 5 * options.seconds, say)
    if question == "swap":
        return swap.measure(peers, options.binary, folder, options.swaps, options.rate, options.swaps, say)
    return many.measure(peers, options.binary, folder, options.models, say)


def main():
    options = arguments()
    os.environ.setdefault("SLIPWAY_ONNXRUNTIME", fleet.ENGINE)
    said = subprocess.run([options.binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    peers, left_out = chosen(options)
    result = {"date": time.strftime("%Y-%m-%d"), "machine": cells.machine(), "slipway": said, "left_out": left_out,
              "load_average": {}}
    output = pathlib.Path(options.output)
    for question in options.only:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="slipway-peers-") as folder:
            result[question] = answer(question, peers, options, folder)
        # Over five minutes; above the number of cores others were at work.
        result["load_average"][question] = os.getloadavg()[1]
        result["versions"] = fleet.versions()
        say(f"{question} took {time.monotonic() - began:.0f} s")
        # After each, so that what was measured outlives what fails.
        fragment.write(result, output)
    print(fragment.markdown(result))


if __name__ == "__main__":
    main()
