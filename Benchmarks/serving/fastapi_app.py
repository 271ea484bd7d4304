# SPDX-License-Identifier: Apache-2.0
"""The do-it-yourself servers: ONNX Runtime behind FastAPI. Started by servers.py with uvicorn, uvloop and httptools.

`threaded` and `typed` are what introductions show: typed bodies, and a function that is plain (FastAPI calls it on its
thread pool) or asynchronous (it runs on the event loop). `lean` leaves out whatever can be left out without leaving
FastAPI: no validation, no thread pool, orjson to read and to write; it takes Slipway's own v2 bodies.
"""
import os

import numpy
import onnxruntime
import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["BENCH_MODEL"], options)
lean, typed, threaded = FastAPI(), FastAPI(), FastAPI()


class Features(BaseModel):
    features: list[float]


class Prediction(BaseModel):
    label: int
    probabilities: list[float]


def predicted(body):
    labels, probabilities = session.run(None, {"features": numpy.array([body.features], dtype=numpy.float32)})
    return Prediction(label=int(labels[0]), probabilities=probabilities[0].tolist())


@threaded.post("/predict", response_model=Prediction)
def predict(body: Features):
    return predicted(body)


@typed.post("/predict", response_model=Prediction)
async def predict_on_the_loop(body: Features):
    return predicted(body)


@lean.post("/v2/models/breast-cancer/infer")
async def infer(request: Request):
    tensor = orjson.loads(await request.body())["inputs"][0]
    features = numpy.array(tensor["data"], dtype=numpy.float32).reshape(tensor["shape"])
    labels, probabilities = session.run(None, {"features": features})
    return Response(media_type="application/json", content=orjson.dumps({
        "model_name": "breast-cancer", "model_version": "1", "outputs": [
            {"name": "label", "datatype": "INT64", "shape": labels.shape, "data": labels.ravel().tolist()},
            {"name": "probabilities", "datatype": "FP32", "shape": probabilities.shape,
             "data": probabilities.ravel().tolist()}]}))
