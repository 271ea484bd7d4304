# SPDX-License-Identifier: Apache-2.0
"""What one prediction costs in CPU time: Slipway beside the engine, a bare HTTP server, FastAPI and MLServer.

The same model, one row a request, the same rows in rotation; in rounds, each server for a short slice and then again,
so that whatever else the machine does hits all of them alike. Before the first slice every server answers every row,
and each answer must be the engine's own, to the last bit.
"""
import contextlib
import pathlib
import statistics
from dataclasses import dataclass, field

import load
import processes
import servers
from inputs import (EXAMPLE, JSON, agrees, binary_body, engine_us, features_answer, features_body, infer_answer,
                    infer_body, rows, rows_answer, rows_body, session)

CONNECTIONS = (1, 16, 64)
INFER = "/v2/models/breast-cancer/infer"
SUBJECT = "Slipway, v2 JSON"


@dataclass
class Contender:
    name: str
    server: servers.Server
    path: str
    bodies: list
    answer: object = None  # content → label and probabilities; None for the floor, which answers without a model
    script: pathlib.Path = None
    slices: dict = field(default_factory=lambda: {count: [] for count in CONNECTIONS})


def contenders(stack, slipway, folder):
    """Starts the others, and says what each is asked."""
    names, values = rows()
    infer = [(infer_body(row), JSON) for row in values]
    table = [(rows_body(names, row), JSON) for row in values]
    binary = [binary_body("features", row[None, :]) for row in values]
    features = [(features_body(row), JSON) for row in values]
    sample = servers.must_ask(slipway.url, INFER, *infer[0]).decode()
    found = [
        Contender(SUBJECT, slipway, INFER, infer, infer_answer),
        Contender("Slipway, v2 binary", slipway, INFER, binary, infer_answer),
        Contender("Slipway, rows", slipway, "/v1/endpoints/breast-cancer/predict", table, rows_answer)]
    floor = servers.nginx(stack, folder, sample)
    if floor:
        found.append(Contender("nginx, fixed answer", floor, INFER, infer))
    lean, typed, threaded = (servers.fastapi(stack, flavour, folder) for flavour in ("lean", "typed", "threaded"))
    models = {"breast-cancer": EXAMPLE / "model.onnx"}
    (alone, _), (parallel, _) = (servers.mlserver(stack, workers, folder, models) for workers in (0, 1))
    return found + [
        Contender("FastAPI, lean", lean, INFER, infer, infer_answer),
        Contender("FastAPI, pydantic, async def", typed, "/predict", features, features_answer),
        Contender("FastAPI, pydantic, def", threaded, "/predict", features, features_answer),
        Contender("MLServer, no workers", alone, INFER, infer, infer_answer),
        Contender("MLServer, default", parallel, INFER, infer, infer_answer)]


def check(contender, engine):
    """Every row once; ends the benchmark at the first bit that differs."""
    _, values = rows()
    for row, (body, headers) in zip(values, contender.bodies):
        content = servers.must_ask(contender.server.url, contender.path, body, headers)
        if contender.answer and not agrees(contender.answer(content), engine, row):
            raise SystemExit(f"{contender.name}: the answer differs from the engine's: {content[:300]}")


def summary(slices, subject):
    """Medians and minima over the rounds, and the median of the ratios to Slipway in the same round."""
    costs = [one["cpu_us"] for one in slices]
    return {
        "cpu_us": statistics.median(costs), "cpu_us_least": min(costs),
        "ratio": statistics.median(cost / other["cpu_us"] for cost, other in zip(costs, subject)),
        "per_second": statistics.median(one["per_second"] for one in slices),
        "p50_us": statistics.median(one["p50_us"] for one in slices),
        "p99_us": statistics.median(one["p99_us"] for one in slices)}


def measure(slipway, folder, rounds, seconds):
    """`slipway` serves breast-cancer. The figures by contender and count of connections."""
    engine, (_, values) = session(EXAMPLE / "model.onnx"), rows()
    tensors = [row[None, :].copy() for row in values]
    alone, idle = [], {}
    with contextlib.ExitStack() as stack:
        field = contenders(stack, slipway, folder)
        for index, contender in enumerate(field):
            check(contender, engine)
            contender.script = load.prepare(pathlib.Path(folder, f"load-{index}"), contender.path, contender.bodies)
            idle[contender.name] = processes.resident_mib(contender.server.pid)
            load.drive(contender.server, contender.script, 16, 1)
        for turn in range(rounds):
            alone.append(engine_us(engine, "features", tensors, seconds))
            for connections in CONNECTIONS:
                for contender in field if turn % 2 == 0 else field[::-1]:
                    slice_ = load.drive(contender.server, contender.script, connections, seconds)
                    contender.slices[connections].append(slice_)
        return {
            "engine_from_python_us": statistics.median(alone), "engine_from_python_us_least": min(alone),
            "rounds": rounds, "slice_seconds": seconds,
            "servers": {one.name: {
                "start_seconds": one.server.start_seconds, "idle_mib": idle[one.name],
                "loaded_mib": processes.resident_mib(one.server.pid),
                **{str(count): summary(one.slices[count], field[0].slices[count]) for count in CONNECTIONS}}
                for one in field}}
