# SPDX-License-Identifier: Apache-2.0
"""A pickled scikit-learn pipeline in MLServer, label and probabilities: a custom model, as its documentation shows them."""
import joblib
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class PickledModel(MLModel):
    async def load(self) -> bool:
        self.model = joblib.load(self.settings.parameters.uri)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0])
        return InferenceResponse(model_name=self.name, outputs=[
            NumpyCodec.encode_output("label", self.model.predict(rows)),
            NumpyCodec.encode_output("probabilities", self.model.predict_proba(rows))])
