# SPDX-License-Identifier: Apache-2.0
"""Whether joining requests pays, and what it costs those that wait: a net whose batch of 32 takes a few times what one
row does, asked at 50, 90 and 150 % of what Triton answers a second without a batcher.

Callers keep to a timetable, and a request counts from its turn on it. Goodput is what was answered within 100 ms.
"""
import contextlib
import os
import pathlib
import statistics
import time

import numpy

import client
import fleet
import inputs
import models
import servers
import speech
import subjects

CONNECTIONS, CLOSED_CONNECTIONS = 256, 16
SHARES = (0.5, 0.9, 1.5)
ENOUGH_MS = 100
BATCH = 32
REFUSALS = (429, 503)


def ways(binary):
    """By name: the peer it belongs to, and how it is started for this."""
    def triton(batcher):
        return fleet.triton("slipwayonnx", settings=batcher + instances())
    return {
        "Triton, ONNX Runtime, without a batcher": ("Triton, ONNX Runtime", triton("max_batch_size: 0\n")),
        "Triton, ONNX Runtime, dynamic batcher": (
            "Triton, ONNX Runtime", triton(f"max_batch_size: {BATCH}\ndynamic_batching {{ }}\n")),
        "Slipway, joining off": ("Slipway", fleet.slipway(binary, ("--batching", "off"))),
        "Slipway": ("Slipway", fleet.slipway(binary, ()))}


def instances():
    """As many at once as Slipway has lanes."""
    return f"instance_group [{{ kind: KIND_CPU count: {max(2, os.cpu_count())} }}]\n"


def row_ms(subject, count):
    """What the engine alone takes for so many rows in one call."""
    engine, rows, taken = inputs.session(subject.file), numpy.concatenate(subject.inputs[:count]), []
    for _ in range(20):
        began = time.perf_counter()
        engine.run(None, {subject.input: rows})
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


def stage(answers, seconds):
    waited = [(one.arrived - one.due) * 1e3 for one in answers if one.status == 200]
    return {
        "sent": len(answers), "answered": len(waited), "refused": sum(one.status in REFUSALS for one in answers),
        "other": sum(one.status not in (200, *REFUSALS) for one in answers),
        "goodput": sum(one <= ENOUGH_MS for one in waited) / seconds,
        "p50_ms": client.percentile(waited, 0.5), "p99_ms": client.percentile(waited, 0.99)}


def measure(peers, binary, folder, seconds, say):
    folder = pathlib.Path(folder)
    rows = list(numpy.random.default_rng(9).standard_normal((64, 1, 512), numpy.float32))
    subject = subjects.subject("heavy", "", models.heavy(folder / "heavy.onnx"), "x", rows)
    path = speech.infer_path("heavy")
    requests = [client.request(path, *inputs.binary_body("x", row, binary_answer=True)) for row in rows]
    found, saturation = {}, None
    for name, (peer, start) in ways(binary).items():
        if peer not in [one.name for one in peers]:
            continue
        say(f"batching in {name}")
        with contextlib.ExitStack() as stack:
            running = start(stack, folder, [subject])
            for index, row in enumerate(rows):
                content = servers.must_ask(running.server.url, path, *speech.v2_body(subject, row))
                if not subject.agrees(index, speech.v2_answer(content)):
                    raise SystemExit(f"{name}: another answer than the engine's")
            address = client.address_of(running.server.url)
            began = time.perf_counter()
            closed = client.drive(address, requests, CLOSED_CONNECTIONS, client.without_pause(seconds), lambda *_: None)
            own = sum(one.status == 200 for one in closed) / (time.perf_counter() - began)
            saturation = saturation or own
            stages = {}
            for share in SHARES:
                due = client.at_rate(share * saturation, seconds)
                stages[str(share)] = stage(client.drive(address, requests, CONNECTIONS, due, lambda *_: None), seconds)
            found[name] = {"saturation": own, "stages": stages}
    return {"row_ms": row_ms(subject, 1), "batch_ms": row_ms(subject, BATCH), "batch": BATCH, "rate": saturation,
            "servers": found}
