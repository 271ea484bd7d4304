# SPDX-License-Identifier: Apache-2.0
"""An image of 224 × 224 × 3 float32 (602 kB) over gRPC, to a model that averages each colour: what moving it costs.

Triton's server is gRPC's own for C++; beside it Slipway's, and gRPC's own for Python.
"""
import contextlib
import pathlib
import statistics

import numpy

import drive
import inputs
import models
import speech
import subjects

CONNECTIONS = (1, 4)
WHO = ("Slipway", "Triton, ONNX Runtime", "grpc.aio")
KEYS = ("cpu_us", "per_second", "p50_us", "p99_us")


def measure(peers, folder, rounds, seconds, say):
    folder = pathlib.Path(folder)
    random = numpy.random.default_rng(5)
    images = [random.random((1, 3, 224, 224), numpy.float32) for _ in range(8)]
    subject = subjects.subject("image-mean", "", models.image_mean(folder / "image-mean.onnx"), "image", images)
    alone, slices = [], {}
    with contextlib.ExitStack() as stack:
        field = []
        for peer in peers:
            if peer.name in WHO:
                say(f"an image in {peer.name}")
                running = peer.start(stack, folder, [subject])
                field.append(drive.line(peer.name, running, subject, speech.GRPC, folder / f"line-{len(field)}"))
                drive.check(field[-1])
                drive.slice_of(field[-1], 1, 1)
        for turn in range(rounds):
            alone.append(inputs.engine_us(inputs.session(subject.file), "image", images, seconds))
            for count in CONNECTIONS:
                for one in field if turn % 2 == 0 else field[::-1]:
                    slices.setdefault((one.name, count), []).append(drive.slice_of(one, 1, seconds, count))
    return {"engine_us": statistics.median(alone), "lines": {
        one.name: {str(count): {key: statistics.median(slice_[key] for slice_ in slices[one.name, count])
                                for key in KEYS} for count in CONNECTIONS} for one in field}}
