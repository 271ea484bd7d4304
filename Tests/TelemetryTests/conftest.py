# SPDX-License-Identifier: Apache-2.0
"""One real server, with an endpoint of each kind that metrics tell apart, each of them asked."""

import json

import pytest
from program import EXAMPLES, MODELS, running
from telemetry import ask_all

TUMOR = """schema: slipway/1
model: {name: tumor}
graph:
  steps:
    model: {in: input, model: model.onnx}
    verdict: {in: "model.probabilities[1]", combine: threshold, at_least: 0.9, then: benign, else: look again}
  outputs: {label: model.label, probabilities: model.probabilities, verdict: verdict}
proof:
  examples: {data: examples.csv, outputs: [label, probabilities]}
"""


@pytest.fixture(scope="session")
def graph(tmp_path_factory):
    source, folder = EXAMPLES / "breast-cancer", tmp_path_factory.mktemp("graphs") / "tumor"
    folder.mkdir()
    for name in ("model.onnx", "examples.csv"):
        (folder / name).write_bytes((source / name).read_bytes())
    (folder / "slipway.yaml").write_text(TUMOR)
    return folder


@pytest.fixture(scope="session")
def row():
    return json.loads((EXAMPLES / "breast-cancer" / "row.json").read_text())


@pytest.fixture(scope="session")
def server(tmp_path_factory, graph, row):
    """Nobody asks here but these fixtures and tests that say so."""
    folder = tmp_path_factory.mktemp("telemetry")
    # Nothing is traced, so that nobody needs to be where traces go.
    options = ["--metric-endpoints", 5, "--otlp", "http://127.0.0.1:9", "--trace-sample", 0]
    with running(folder, *options) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "kept")
        server.slipway("endpoint", "set", "kept", "--cache", "1MiB")
        server.slipway("deploy", graph)
        server.slipway("deploy", MODELS / "fails-when-run.onnx", "--name", "fails")
        ask_all(server, row)
        yield server
