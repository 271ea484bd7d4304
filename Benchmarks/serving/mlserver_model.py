# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime in MLServer, which has no runtime of its own for it: a custom model, as its documentation shows them."""
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(self.settings.parameters.uri, options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        features = NumpyCodec.decode_input(payload.inputs[0])
        labels, probabilities = self.session.run(None, {"features": features})
        return InferenceResponse(model_name=self.name, outputs=[
            NumpyCodec.encode_output("label", labels), NumpyCodec.encode_output("probabilities", probabilities)])
