# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime behind Triton's Python backend: the model.py of each model, as its documentation shows them."""
import os

import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    def initialize(self, arguments):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = os.path.join(arguments["model_repository"], arguments["model_version"], "model.onnx")
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        self.outputs = [output.name for output in self.session.get_outputs()]

    def execute(self, requests):
        responses = []
        for request in requests:
            features = triton.get_input_tensor_by_name(request, self.input).as_numpy()
            values = self.session.run(None, {self.input: features})
            responses.append(triton.InferenceResponse([
                triton.Tensor(name, value) for name, value in zip(self.outputs, values)]))
        return responses
