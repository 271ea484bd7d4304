# SPDX-License-Identifier: Apache-2.0
"""What an image of 224 × 224 × 3 float32 (602 kB) costs as a binary v2 request, over the engine's own work."""
import json
import pathlib
import statistics

import numpy

import load
import models
import servers
from inputs import binary_body, engine_us, session

CONNECTIONS = (1, 4)
INFER = "/v2/models/image-mean/infer"


def measure(slipway, folder, rounds, seconds):
    folder = pathlib.Path(folder)
    engine = session(models.image_mean(folder / "image-mean.onnx"))
    servers.command(slipway, "deploy", folder / "image-mean.onnx")
    random = numpy.random.default_rng(5)
    images = [random.random((1, 3, 224, 224), numpy.float32) for _ in range(8)]
    bodies = [binary_body("image", image) for image in images]
    for image, (body, headers) in zip(images, bodies):
        answer = json.loads(servers.must_ask(slipway.url, INFER, body, headers))["outputs"][0]["data"]
        if numpy.array(answer, numpy.float32).tobytes() != engine.run(None, {"image": image})[0].tobytes():
            raise SystemExit("image: the answer differs from the engine's")
    script = load.prepare(folder / "load-image", INFER, bodies)
    load.drive(slipway, script, 4, 1)
    alone, slices = [], {count: [] for count in CONNECTIONS}
    for _ in range(rounds):
        alone.append(engine_us(engine, "image", images, seconds))
        for count in CONNECTIONS:
            slices[count].append(load.drive(slipway, script, count, seconds))
    return {"engine_from_python_us": statistics.median(alone), **{
        str(count): {
            "cpu_us": statistics.median(one["cpu_us"] for one in found),
            "cpu_us_least": min(one["cpu_us"] for one in found),
            "over_engine_us": statistics.median(one["cpu_us"] - yard for one, yard in zip(found, alone)),
            "over_engine_us_least": min(one["cpu_us"] for one in found) - min(alone),
            "per_second": statistics.median(one["per_second"] for one in found)}
        for count, found in slices.items()}}
