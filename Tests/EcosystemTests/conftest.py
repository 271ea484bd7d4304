# SPDX-License-Identifier: Apache-2.0
"""One real server with the breast-cancer example, for clients whose packages do not fit with those of Tests/ClientTests."""

import csv
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy
import onnxruntime
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "breast-cancer"
BINARY = Path(os.environ.get("SLIPWAY_BINARY", ROOT / ".build" / "debug" / "slipway"))


@dataclass
class Server:
    url: str
    environment: dict


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slipway")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
    environment |= {"HOME": str(folder), "SLIPWAY_DATA": str(folder / "data")}
    process = subprocess.Popen(
        [BINARY, "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        url = process.stdout.readline().split()[-1]
        done = subprocess.run(
            [BINARY, "deploy", EXAMPLE], env=environment, capture_output=True, text=True, cwd=ROOT, timeout=120)
        assert done.returncode == 0, done.stderr
        yield Server(url, environment)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.fixture(scope="session")
def table():
    """The names of the columns, and the example's rows, shape [143, 30]."""
    with open(EXAMPLE / "examples.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "label" and not name.startswith("probabilities[")]
    return names, numpy.array([[float(row[name]) for name in names] for row in rows], numpy.float32)


@pytest.fixture(scope="session")
def expected(table):
    """What the engine answers when it is called directly: labels [143] and probabilities [143, 2]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(EXAMPLE / "model.onnx"), options)
    name = session.get_inputs()[0].name
    return session.run(None, {name: table[1]})
