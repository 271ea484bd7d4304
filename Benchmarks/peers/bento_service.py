# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime in a BentoML service, as its documentation shows one: a typed tensor in, a dictionary out."""
from typing import Annotated

import bentoml
import numpy
from bentoml.validators import DType

from sessions import MODELS


@bentoml.service(workers=1, logging={"access": {"enabled": False}}, traffic={"timeout": 300})
class Models:
    @bentoml.api
    def predict(self, model: str, tensor: Annotated[numpy.ndarray, DType("float32")]) -> dict[str, list]:
        return {name: value.tolist() for name, value in MODELS[model].run(tensor).items()}
