# SPDX-License-Identifier: Apache-2.0
"""The rows of examples/breast-cancer, the bodies that ask for them, and the engine's own answers to them."""
import csv
import json
import pathlib
import time

import numpy
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/breast-cancer"
JSON = {"Content-Type": "application/json"}


def rows():
    """The names of the 30 features, and the recorded rows as float32 of shape [143, 30]."""
    with open(EXAMPLE / "examples.csv", newline="") as file:
        table = list(csv.DictReader(file))
    names = [name for name in table[0] if name != "label" and not name.startswith("probabilities[")]
    return names, numpy.array([[float(row[name]) for name in names] for row in table], numpy.float32)


def shortest(row):
    """The row as numbers with as few digits as read back to the same float32."""
    return [float(str(value)) for value in row]


def infer_body(row):
    tensor = {"name": "features", "datatype": "FP32", "shape": [1, len(row)], "data": shortest(row)}
    return json.dumps({"inputs": [tensor]}).encode()


def rows_body(names, row):
    return json.dumps([dict(zip(names, shortest(row)))]).encode()


def features_body(row):
    return json.dumps({"features": shortest(row)}).encode()


def binary_body(name, tensor, binary_answer=False):
    """A body of the binary extension for one tensor of float32, and its headers."""
    described = {"name": name, "datatype": "FP32", "shape": list(tensor.shape),
                 "parameters": {"binary_data_size": tensor.nbytes}}
    head = json.dumps({"inputs": [described], "parameters": {"binary_data_output": binary_answer}}).encode()
    return head + tensor.tobytes(), {
        "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}


def infer_answer(content):
    """Label and probabilities of a v2 answer to one row."""
    outputs = {output["name"]: output["data"] for output in json.loads(content)["outputs"]}
    return outputs["label"][0], outputs["probabilities"]


def rows_answer(content):
    prediction = json.loads(content)["predictions"][0]
    return prediction["label"], prediction["probabilities"]


def features_answer(content):
    prediction = json.loads(content)
    return prediction["label"], prediction["probabilities"]


def session(model):
    """The engine with one thread, as the servers have it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def agrees(answer, engine, row):
    """Whether label and probabilities are the engine's own, to the last bit."""
    label, probabilities = answer
    labels, expected = engine.run(None, {"features": row[None, :]})
    return label == labels[0] and numpy.array(probabilities, numpy.float32).tobytes() == expected[0].tobytes()


def engine_us(engine, name, tensors, seconds):
    """CPU microseconds of one call of the engine from Python, the tensors in rotation."""
    calls, before, end = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        for tensor in tensors:
            engine.run(None, {name: tensor})
        calls += len(tensors)
    return (time.process_time() - before) / calls * 1e6
