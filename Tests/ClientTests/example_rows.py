# SPDX-License-Identifier: Apache-2.0
"""The examples' rows, as tritonclient takes them, and what the engine makes of them when it is called directly."""

import functools
import json

import numpy
import onnxruntime
import tritonclient.http as triton
from program import EXAMPLES

# Shape [143, 30].
ROWS = numpy.loadtxt(EXAMPLES / "breast-cancer" / "examples.csv", numpy.float32, delimiter=",", skiprows=1)[:, :30]
# Shape [rows, 1, 8, 8].
IMAGES = numpy.array(
    [json.loads(line)["inputs"]["image"] for line in (EXAMPLES / "digits" / "examples.jsonl").read_text().splitlines()],
    numpy.float32,
)


def tensor(name, values, datatype="FP32", binary=True):
    values = numpy.asarray(values)
    return triton.InferInput(name, list(values.shape), datatype).set_data_from_numpy(values, binary_data=binary)


@functools.cache
def session_of(name):
    folder = "breast-cancer/columns" if name == "breast-cancer-columns" else name
    return onnxruntime.InferenceSession(EXAMPLES / folder / "model.onnx")


def from_engine(name, inputs):
    """The outputs of the example of this name, by their names."""
    session = session_of(name)
    return {output.name: values for output, values in zip(session.get_outputs(), session.run(None, inputs))}
