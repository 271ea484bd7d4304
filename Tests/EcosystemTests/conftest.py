# SPDX-License-Identifier: Apache-2.0
"""One real server with both examples, for clients whose packages do not fit with those of Tests/ClientTests."""

import csv
import json
import os
import signal
import subprocess
from dataclasses import dataclass

import numpy
import onnxruntime
import pytest
from program import BINARY, EXAMPLES, MODELS, ROOT

EXAMPLE = EXAMPLES / "breast-cancer"
IMAGES = EXAMPLES / "digits"


@dataclass
class Server:
    url: str
    environment: dict

    def deploy(self, *arguments):
        done = subprocess.run(
            [BINARY, "deploy", *arguments], env=self.environment, capture_output=True, text=True, cwd=ROOT, timeout=120)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slipway")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
    environment |= {"HOME": str(folder), "SLIPWAY_DATA": str(folder / "data")}
    process = subprocess.Popen(
        [BINARY, "serve", "--port", "0", "--invocations", "breast-cancer"], env=environment, stdout=subprocess.PIPE,
        text=True, cwd=ROOT)
    try:
        server = Server(process.stdout.readline().split()[-1], environment)
        for example in [EXAMPLE, EXAMPLE / "columns", IMAGES]:
            server.deploy(example)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.fixture(scope="session")
def mixed_columns(server):
    """A model that gives its columns back: `word`, text, and `weight`, numbers, each of shape [batch, 1]."""
    server.deploy(MODELS / "mixed-columns.onnx", "--name", "mixed-columns")
    return "mixed-columns"


@pytest.fixture(scope="session")
def table():
    """The names of the columns, and the example's rows, shape [143, 30]."""
    with open(EXAMPLE / "examples.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "label" and not name.startswith("probabilities[")]
    return names, numpy.array([[float(row[name]) for name in names] for row in rows], numpy.float32)


@pytest.fixture(scope="session")
def images():
    """The example's images, shape [rows, 1, 8, 8]."""
    lines = (IMAGES / "examples.jsonl").read_text().splitlines()
    return numpy.array([json.loads(line)["inputs"]["image"] for line in lines], numpy.float32)


def from_engine(model, values):
    """What the engine answers when it is called directly: labels [rows] and probabilities [rows, classes]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)
    return session.run(["label", "probabilities"], {session.get_inputs()[0].name: values})


@pytest.fixture(scope="session")
def expected(table):
    """Labels [143] and probabilities [143, 2] of the table."""
    return from_engine(EXAMPLE / "model.onnx", table[1])


@pytest.fixture(scope="session")
def expected_of_images(images):
    """Labels [rows] and probabilities [rows, 10] of the images."""
    return from_engine(IMAGES / "model.onnx", images)
