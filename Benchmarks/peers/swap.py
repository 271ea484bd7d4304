# SPDX-License-Identifier: Apache-2.0
"""New versions under load: two versions of one model take turns while sixteen callers keep to a timetable.

Which version an answer is from is told by its bits. Each server is swapped as its documentation has it; those that
serve what they were started with have to be started again, and are down for that long.
"""
import contextlib
import multiprocessing
import pathlib
import time

import numpy

import client
import fleet
import models
import servers
import speech
import subjects

NAME, CONNECTIONS = "weighted-sum", 16
ROWS = 64


def versions(folder):
    """Two models of one shape that answer differently."""
    rows = numpy.random.default_rng(3).standard_normal((ROWS, 1, 30), numpy.float32)
    made = []
    for version in (1, 2):
        home = pathlib.Path(folder, f"version-{version}")
        home.mkdir()
        file = models.weighted_sum(home / f"{NAME}.onnx", version)
        made.append(subjects.subject(NAME, "", file, "features", list(rows)))
    return made


# MARK: How each takes a new version


def slipway(running, one, turn):
    if turn < 2:
        servers.command(running.server, "deploy", one.file, "--name", NAME)
    else:
        body = {"model": NAME, "version": str(turn % 2 + 1), "reason": "benchmark"}
        servers.api(running.server, f"/v1/endpoints/{NAME}/deployments", body)


def triton(backend):
    """A new version's folder, then “load”: it answers from the newest, and lets the older finish."""
    def swap(running, one, turn):
        repository = running.server.process.args[running.server.process.args.index("--model-repository") + 1]
        fleet.triton_model(repository, backend, one, turn + 1)
        servers.must_ask(running.server.url, f"/v2/repository/models/{NAME}/load", b"{}", speech.JSON)
    return swap


def mlserver(running, one, turn):
    """Other settings, then “load”: it reloads the model of that name."""
    home = pathlib.Path(running.server.process.args[-1])
    (home / NAME / "model-settings.json").write_text(servers.mlserver_settings(NAME, one.file))
    servers.must_ask(running.server.url, f"/v2/repository/models/{NAME}/load", b"{}", speech.JSON)


EXPLICIT = "--model-control-mode", "explicit", "--load-model", "*"


def ways(binary):
    """By the peer's name: how it is started for this, and how it is swapped."""
    return {
        "Slipway": (fleet.slipway(binary), slipway),
        "Triton, ONNX Runtime": (fleet.triton("slipwayonnx", *EXPLICIT), triton("slipwayonnx")),
        "Triton, Python backend": (fleet.triton("python", *EXPLICIT), triton("python")),
        "MLServer, no workers": (fleet.mlserver(0), mlserver),
        "MLServer": (fleet.mlserver(1), mlserver)}


# MARK: Measuring


def swaps(way, running, both, times, seconds, taken, done):
    """In a process of its own, spread over the seconds; the first model answers already."""
    began = time.perf_counter()
    try:
        for turn in range(1, times + 1):
            time.sleep(max(0, began + turn * seconds / (times + 1) - time.perf_counter()))
            start = time.perf_counter()
            way(running, both[turn % 2], turn)
            taken.append(time.perf_counter() - start)
        time.sleep(seconds / (times + 1))
    finally:
        done.set()


def seen(answers):
    late = [(one.arrived - one.due) * 1e3 for one in answers if one.status == 200]
    return {
        "sent": len(answers), "lost": sum(one.status == 0 for one in answers),
        "failed": sum(one.status not in (0, 200) for one in answers),
        "of_neither": sum(one.status == 200 and not one.content for one in answers),
        "of_version_1": sum(one.content == 1 for one in answers),
        "of_version_2": sum(one.content == 2 for one in answers),
        "p50_ms": client.percentile(late, 0.5), "p99_ms": client.percentile(late, 0.99), "longest_ms": max(late)}


def measure_one(start, way, folder, times, rate, seconds):
    both = versions(folder)
    requests = [client.request(speech.infer_path(NAME), *speech.v2_body(both[0], row)) for row in both[0].inputs]

    def read(index, status, body):
        if status != 200:
            return None
        answer = speech.v2_answer(body)
        return next((version for version, one in enumerate(both, 1) if one.agrees(index, answer)), 0)

    with contextlib.ExitStack() as stack, multiprocessing.Manager() as manager:
        running = start(stack, folder, both[:1])
        address, taken = client.address_of(running.server.url), manager.list()
        client.all_answered(client.drive(address, requests, CONNECTIONS, client.at_rate(rate, 1), read))
        without = seen(client.drive(address, requests, CONNECTIONS, client.at_rate(rate, seconds / 2), read))
        done = multiprocessing.Event()
        worker = multiprocessing.Process(target=swaps, args=(way, running, both, times, seconds, taken, done))
        worker.start()
        timetable = client.at_rate(rate, 3600)
        under = seen(client.drive(
            address, requests, CONNECTIONS, lambda index: None if done.is_set() else timetable(index), read))
        worker.join()
        if worker.exitcode or len(taken) < times:
            raise SystemExit(f"{len(taken)} of {times} swaps were made")
        return {"swaps": times, "rate": rate, "without": without, "with": under,
                "swap_ms": client.percentile(list(taken), 0.5) * 1e3}


def measure(peers, binary, folder, times, rate, seconds, say):
    found, known = {}, ways(binary)
    for peer in peers:
        if peer.name in known:
            say(f"{times} swaps in {peer.name}")
            own = pathlib.Path(folder, f"swap-{len(found)}")
            own.mkdir()
            found[peer.name] = measure_one(*known[peer.name], own, times, rate, seconds)
    return found
