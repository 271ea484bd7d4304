# SPDX-License-Identifier: Apache-2.0
"""Two versions that take turns under load: whether a request is lost, is answered by neither, or waits longer.

A run without swaps, one with them, another without: the two without are the band that the middle one is seen against.
"""
import json
import multiprocessing
import pathlib
import time

import numpy

import client
import models
import processes
import servers
from inputs import JSON, infer_body, session

NAME = "weighted-sum"
INFER = f"/v2/models/{NAME}/infer"
CONNECTIONS = 16


def deploy(slipway, version):
    body = {"model": NAME, "version": str(version), "reason": "benchmark"}
    done = servers.api(slipway, f"/v1/endpoints/{NAME}/deployments", body)
    if done["unchanged"]:
        raise SystemExit(f"version {version} answered already")


def counted(slipway):
    """What the server says it accepted, answered and failed."""
    return servers.api(slipway, f"/v1/endpoints/{NAME}")["endpoint"]["requests"]


def read_with(expected):
    """Which version an answer is from by its number and its bits alike; 0 when it is neither's."""
    def read(index, status, body):
        if status != 200:
            return 0
        answer = json.loads(body)
        version, score = int(answer["model_version"]), numpy.float32(answer["outputs"][0]["data"][0])
        return version if expected.get(version, {}).get(index) == score else 0
    return read


def swap(slipway, times, seconds, taken, done):
    """In a process of its own: deploys the version that does not answer, so many times, spread over the seconds."""
    first = time.perf_counter()
    try:
        for turn in range(times):
            time.sleep(max(0, first + turn * seconds / times - time.perf_counter()))
            began = time.perf_counter()
            deploy(slipway, turn % 2 + 1)
            taken.append(time.perf_counter() - began)
    finally:
        done.set()


def seen(answers, before, after, mib):
    """One run, as the client saw it and as the server counted it."""
    latencies = [(one.arrived - one.due) * 1e6 for one in answers]
    return {
        "sent": len(answers), "answered": sum(one.status == 200 for one in answers),
        "refused": sum(one.status not in (0, 200) for one in answers), "lost": sum(one.status == 0 for one in answers),
        "of_version_1": sum(one.content == 1 for one in answers),
        "of_version_2": sum(one.content == 2 for one in answers),
        "of_neither": sum(one.status == 200 and not one.content for one in answers),
        **{f"server_{key}": after[key] - before[key] for key in ("accepted", "answered", "failed")},
        "p50_us": client.percentile(latencies, 0.5), "p99_us": client.percentile(latencies, 0.99),
        "p999_us": client.percentile(latencies, 0.999), "longest_us": max(latencies), "mib_after": mib}


def is_whole(run):
    """Whether every request was answered once by one of the two versions, by both counts."""
    of_either = run["of_version_1"] + run["of_version_2"]
    return run["sent"] == run["answered"] == of_either == run["server_accepted"] == run["server_answered"]


def measure(slipway, folder, times, rate, seconds):
    folder = pathlib.Path(folder)
    rows = numpy.random.default_rng(3).standard_normal((64, 30), numpy.float32)
    expected = {}
    for version in (1, 2):
        model = models.weighted_sum(folder / f"{NAME}.onnx", version)
        servers.command(slipway, "deploy", model, "--name", NAME)
        engine = session(model)
        expected[version] = {
            index: engine.run(None, {"features": row[None, :]})[0][0, 0] for index, row in enumerate(rows)}
    requests = [client.request(INFER, infer_body(row), JSON) for row in rows]
    address, read = client.address_of(slipway.url), read_with(expected)

    def run(due):
        before = counted(slipway)
        answers = client.drive(address, requests, CONNECTIONS, due, read)
        time.sleep(1)
        return seen(answers, before, counted(slipway), processes.resident_mib(slipway.pid))

    client.all_answered(client.drive(address, requests, CONNECTIONS, client.at_rate(rate, 2), read))
    without = run(client.at_rate(rate, seconds))
    with multiprocessing.Manager() as manager:
        taken, done = manager.list(), multiprocessing.Event()
        worker = multiprocessing.Process(target=swap, args=(slipway, times, seconds, taken, done))
        worker.start()
        timetable = client.at_rate(rate, 3600)
        swapped = run(lambda index: None if done.is_set() else timetable(index))
        worker.join()
        taken = list(taken)
    again = run(client.at_rate(rate, seconds))
    band = sorted([without["p99_us"], again["p99_us"]])
    return {
        "swaps": len(taken), "wanted": times, "rate": rate, "swap_ms": (client.percentile(taken, 0.5) or 0) * 1000,
        "swap_ms_longest": max(taken, default=0) * 1000, "without": without, "with": swapped,
        "without_again": again, "p99_not_above_the_band": swapped["p99_us"] <= band[1],
        "whole": len(taken) == times and all(is_whole(one) for one in (without, swapped, again))}
