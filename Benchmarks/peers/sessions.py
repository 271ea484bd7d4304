# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime as the servers that one writes oneself have it: models that BENCH_MODELS names, one thread a call."""
import json
import os

import onnxruntime

DATATYPES = {"float32": "FP32", "int64": "INT64"}


class Model:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        self.shape = self.session.get_inputs()[0].shape[1:]
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, tensor):
        """Arrays by output."""
        return dict(zip(self.outputs, self.session.run(None, {self.input: tensor})))


# Name → path, as JSON.
MODELS = {name: Model(path) for name, path in json.loads(os.environ["BENCH_MODELS"]).items()}
