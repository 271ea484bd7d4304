# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime behind FastAPI: several models. Started by fleet.py with uvicorn, uvloop and httptools.

`typed` is what introductions show: bodies and answers typed with pydantic. `lean` leaves out whatever can be left out
without leaving FastAPI: no validation, orjson to read and to write; it takes v2 bodies.
"""
import numpy
import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

from sessions import DATATYPES, MODELS

lean, typed = FastAPI(), FastAPI()


class Values(BaseModel):
    values: list[float]


class Prediction(BaseModel):
    outputs: dict[str, list]


@typed.post("/predict/{name}", response_model=Prediction)
async def predict(name: str, body: Values):
    model = MODELS[name]
    answers = model.run(numpy.array(body.values, dtype=numpy.float32).reshape(1, *model.shape))
    return Prediction(outputs={output: value.tolist() for output, value in answers.items()})


@lean.post("/v2/models/{name}/infer")
async def infer(name: str, request: Request):
    body = orjson.loads(await request.body())["inputs"][0]
    answers = MODELS[name].run(numpy.array(body["data"], dtype=numpy.float32).reshape(body["shape"]))
    return Response(media_type="application/json", content=orjson.dumps({
        "model_name": name, "model_version": "1", "outputs": [
            {"name": output, "datatype": DATATYPES[value.dtype.name], "shape": value.shape,
             "data": value.ravel().tolist()} for output, value in answers.items()]}))
