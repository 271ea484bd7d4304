# SPDX-License-Identifier: Apache-2.0
"""Pickles that run code when they are opened, and what they leave behind."""

import json
import os
import pickle
import subprocess
import time
from pathlib import Path

from foreign import SAMPLE
from program import BINARY

# What a worker serves that a model made up by itself, with nobody's help.
FORGED_WORKER = {
    "schema": "slipway.worker/1", "language": "python", "loader": "code", "model": "predict.py", "form": "tensors",
    "calls": [{"method": "__call__", "output": "y"}],
    "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 1]}],
    "outputs": [{"name": "y", "datatype": "FP64", "shape": [-1]}],
}  # fmt: skip
FORGED_REPORT = {
    "schema": "slipway.prepared/1", "status": "prepared", "type": "forged.Model", "task": None,
    "descriptor": "worker.json", "worker_files": ["worker.json", "predict.py"],
    "columns": [{"name": "x", "type": "float64", "nullable": False}], "candidates": [], "not_converted": [],
    "examples": "examples.jsonl", "edges": None, "edge_kinds": [], "origin": "original", "baseline": None, "notes": [],
}  # fmt: skip
# Runs in the process that opens the model: writes a preparation of its own, and ends the process that would write the
# real one.
FORGING = f'''
import json, os, signal, sys

OUT = os.path.dirname(os.path.dirname(sys.argv[1]))
WORKER, REPORT = json.loads({json.dumps(json.dumps(FORGED_WORKER))}), json.loads({json.dumps(json.dumps(FORGED_REPORT))})


def place(name):
    path = os.path.join(OUT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def put(name, text):
    with open(place(name), "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def link(name, target):
    os.symlink(target, place(name))


def prepare(**changes):
    put("worker.json", json.dumps(WORKER))
    put("predict.py", "def predict(tensors):\\n    return tensors['x'][:, 0] * 2\\n")
    put("examples.jsonl", '{{"inputs":{{"x":1.0}},"outputs":{{"y":2.0}}}}\\n')
    put("report.json", json.dumps({{**REPORT, **changes}}))


def end():
    os.kill(os.getppid(), signal.SIGKILL)
    os._exit(0)

'''


class Opened:
    """Runs its code when its pickle is loaded."""

    def __init__(self, code):
        self.code = code

    def __reduce__(self):
        return exec, (self.code, {})


def write_pickle(folder, code):
    """A model file that runs `code`, with rows beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(Opened(code)))
    (folder / "sample.csv").write_text(SAMPLE)
    return folder / "model.pkl"


def command(model, name, *options):
    return ["deploy", model, "--examples", model.parent / "sample.csv", "--name", name, *options]


def packing(server, model, name, *options, stderr=subprocess.PIPE, **variables):
    """The command that packs and deploys the model, while it runs."""
    words = list(map(str, [BINARY, *command(model, name, *options)]))
    environment = server.environment | variables
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)


def preparing(server):
    """The processes that prepare a model for this data folder, by their command lines."""
    mark = os.fsencode(server.data / "prepared")
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "cmdline").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue
    return found


def wait_until(holds, seconds=60):
    """Whether it holds, by and by."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return bool(holds())


def stagings(server):
    """The folders in which models are being prepared."""
    folder = server.data / "prepared"
    return list(folder.iterdir()) if folder.exists() else []
