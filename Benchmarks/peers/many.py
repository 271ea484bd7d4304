# SPDX-License-Identifier: Apache-2.0
"""A thousand small models in one server: how long until all of them answer, what memory and threads each costs over a
server with one, and how long the first and a later request to each of them takes.
"""
import contextlib
import pathlib
import time

import numpy

import client
import fleet
import models
import processes
import speech
import subjects

CONNECTIONS = 4
WARM_S = 3
REASONS = {
    "Triton, Python backend": "not tried: a process for each model",
    "FastAPI, lean": "no: it serves what its program loads",
    "FastAPI, pydantic": "no: it serves what its program loads",
    "grpc.aio": "no: it serves what its program loads",
    "MLServer": "not tried: as without workers, and each model in its worker as well",
    "BentoML": "no: it serves what its program loads",
    "MLflow": "no: one model a server"}


def ways(binary):
    return {
        "Slipway": fleet.slipway_of_many(binary),
        "Triton, ONNX Runtime": fleet.triton("slipwayonnx"),
        "MLServer, no workers": fleet.mlserver(0)}


def make(folder, count):
    """So many models of one shape and different weights, and one row with what each answers to it."""
    row, made = numpy.random.default_rng(3).standard_normal((1, 30), numpy.float32), []
    pathlib.Path(folder).mkdir()
    for number in range(count):
        file = models.weighted_sum(pathlib.Path(folder, f"model-{number}.onnx"), number)
        made.append(subjects.subject(f"model-{number}", "", file, "features", [row]))
    return made


def measure_one(start, made, folder):
    with contextlib.ExitStack() as stack:
        running = start(stack, folder, made)
        requests = [client.request(speech.infer_path(one.name), *speech.v2_body(one, one.inputs[0])) for one in made]

        def read(index, status, body):
            return status == 200 and made[index].agrees(0, speech.v2_answer(body))

        def ask(due):
            answers = client.drive(client.address_of(running.server.url), requests, CONNECTIONS, due, read)
            wrong = sum(not one.content for one in answers)
            if wrong:
                raise SystemExit(f"{wrong} of {len(answers)} answers were not the model's own")
            return [(one.arrived - one.sent) * 1e3 for one in answers]

        began = time.perf_counter()
        cold = ask(lambda index: 0 if index < len(made) else None)
        all_s = running.server.start_seconds + time.perf_counter() - began
        warm = ask(client.without_pause(WARM_S))
        return {"ready_s": running.server.start_seconds, "all_answered_s": all_s,
                "mib": processes.proportional_mib(running.pid), "threads": processes.threads(running.pid),
                "cold_p50_ms": client.percentile(cold, 0.5), "cold_p99_ms": client.percentile(cold, 0.99),
                "warm_p50_ms": client.percentile(warm, 0.5), "warm_p99_ms": client.percentile(warm, 0.99)}


def measure(peers, binary, folder, count, say):
    made, known, found = make(pathlib.Path(folder, "models"), count), ways(binary), {}
    for peer in peers:
        if peer.name not in known:
            found[peer.name] = {"reason": REASONS[peer.name]}
            continue
        runs = []
        for part in (made[:1], made):
            say(f"{peer.name} with {len(part)} model{'s' * (len(part) > 1)}")
            own = pathlib.Path(folder, f"many-{len(found)}-{len(part)}")
            own.mkdir()
            runs.append(measure_one(known[peer.name], part, own))
        alone, all_of_them = runs
        found[peer.name] = all_of_them | {
            "models": count, "kib_a_model": (all_of_them["mib"] - alone["mib"]) / (count - 1) * 1024,
            "mib_with_one": alone["mib"], "threads_with_one": alone["threads"]}
    return found
