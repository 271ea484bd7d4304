# SPDX-License-Identifier: Apache-2.0
"""One real server with both examples, for clients whose packages do not fit with those of Tests/ClientTests."""

import csv
import json

import numpy
import onnxruntime
import pytest
from program import EXAMPLES, MODELS, running

EXAMPLE = EXAMPLES / "breast-cancer"
IMAGES = EXAMPLES / "digits"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("slipway"), "--invocations", "breast-cancer") as server:
        for example in [EXAMPLE, EXAMPLE / "columns", IMAGES]:
            server.slipway("deploy", example)
        yield server


@pytest.fixture(scope="session")
def mixed_columns(server):
    """A model that gives its columns back: `word`, text, and `weight`, numbers, each of shape [batch, 1]."""
    server.slipway("deploy", MODELS / "mixed-columns.onnx", "--name", "mixed-columns")
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
