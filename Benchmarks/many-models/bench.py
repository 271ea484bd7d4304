# SPDX-License-Identifier: Apache-2.0
"""A thousand models in one server: time to load them, threads, memory, and what a request waits for.

    make bench-many-models
    python Benchmarks/many-models/bench.py --models 200      # needs the built program

Makes models of a matrix and a softmax, each with weights of its own, deploys them over HTTP, and starts the server anew:
once with all of them loaded eagerly, once with all of them lazily. Answers are compared with those computed here.
Writes many-models.json.
"""

import argparse
import http.client
import json
import multiprocessing
import pathlib
import sys
import tempfile
import time

import engine_alone
import models

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "PythonSupport"))
from program import ENGINE, Server, running, slipway  # noqa: E402


class Caller:
    """One connection that is kept open."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server["address"], timeout=600)
        self.headers = {"Authorization": f"Bearer {server['token']}", "Content-Type": "application/json"}

    def call(self, method, path, body=None):
        body = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {data[:500]!r}")
        return json.loads(data) if data.startswith((b"{", b"[")) else data

    def seconds(self, model):
        """How long one prediction takes, the answer compared."""
        start = time.perf_counter()
        answer = self.call("POST", f"/v1/endpoints/{model.name}/predict", model.row)
        taken = time.perf_counter() - start
        found = answer["predictions"][0]["scores"]
        if max(abs(a - b) for a, b in zip(found, model.answer)) > 1e-4:
            raise SystemExit(f"{model.name} answers {found}, and {model.answer} is right")
        return taken


def reach(server: Server):
    return {"address": server.address, "token": server.token}


def threads(server):
    return sum(1 for _ in pathlib.Path(f"/proc/{server.pid}/task").iterdir())


def ready_seconds(server, begun):
    caller = Caller(reach(server))
    while True:
        caller.connection.request("GET", "/v2/health/ready", headers=caller.headers)
        answer = caller.connection.getresponse()
        answer.read()
        if answer.status == 200:
            return time.perf_counter() - begun
        time.sleep(0.005)


def quiet_bytes(server):
    """Resident memory, once the server has given back what only its start needed."""
    time.sleep(4)
    return server.resident_bytes()


def deploy(server, made, pattern, load):
    """Uploads, registers and deploys all of them; the seconds it took."""
    caller = Caller(reach(server))
    begun = time.perf_counter()
    caller.call("PUT", f"/v1/blobs/{pattern.provenance}", pattern.provenance_bytes)
    for model in made:
        for digest, content in model.contents:
            caller.call("PUT", f"/v1/blobs/{digest}", content)
        version = caller.call(
            "POST", f"/v1/registry/models/{model.name}/versions",
            {"manifest": model.bundle, "provenance": pattern.provenance})
        caller.call(
            "POST", f"/v1/endpoints/{model.name}/deployments",
            {"model": model.name, "version": str(version["version"]), "settings": {"load": load}})
    return time.perf_counter() - begun


def ask_all(server, made, results):
    """In a process of its own: asks each once."""
    caller = Caller(server)
    results.put(("cold", [caller.seconds(model) for model in made]))


def ask_again(server, made, stop, results):
    """In a process of its own: asks those that are loaded, in turn, until told to stop."""
    caller, taken = Caller(server), []
    while not stop.is_set():
        for model in made:
            taken.append(caller.seconds(model))
            time.sleep(0.002)
    results.put(("warm", taken))


def under_load(server, warm, cold, askers):
    """Seconds of warm requests and of cold ones, while `askers` ask for cold models at the same time."""
    results, stop = multiprocessing.Queue(), multiprocessing.Event()
    again = multiprocessing.Process(target=ask_again, args=(server, warm, stop, results))
    again.start()
    colds = [multiprocessing.Process(target=ask_all, args=(server, cold[index::askers], results)) for index in
             range(askers)]
    for process in colds:
        process.start()
    found = {"cold": [], "warm": []}
    for _ in colds:
        kind, taken = results.get()
        found[kind] += taken
    stop.set()
    kind, taken = results.get()
    found[kind] += taken
    for process in [again, *colds]:
        process.join()
    return found


def p(taken, share):
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * share))] * 1000


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--models", type=int, default=1000)
    count = arguments.parse_args().models
    figures = {"models": count}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        made, pattern = models.make(count, folder / "pattern", slipway)
        figures["engine alone, KiB a model"] = engine_alone.kibibytes_each(ENGINE, [model.file for model in made])
        with running(folder / "empty") as server:
            empty = quiet_bytes(server)
            figures["threads without models"] = threads(server)
        with running(folder / "many") as server:
            figures["deployed over HTTP, s"] = deploy(server, made, pattern, "eager")
            figures["threads after deploying"] = threads(server)

        begun = time.perf_counter()
        with running(folder / "many") as server:
            figures["all loaded eagerly, s"] = ready_seconds(server, begun)
            figures["threads"] = threads(server)
            each = (quiet_bytes(server) - empty) / count / 1024
            figures["resident, KiB a model"] = each
            figures["over the engine, KiB a model"] = each - figures["engine alone, KiB a model"]
            caller = Caller(reach(server))
            status = caller.call("GET", "/v1/status")
            figures["accounted, KiB a model"] = status["modelBytes"] / count / 1024
            for model in made:
                caller.seconds(model)
            figures["warm, nothing loads, ms p50"] = p(quiet := [caller.seconds(model) for model in made], 0.5)
            figures["warm, nothing loads, ms p99"] = p(quiet, 0.99)
            for model in made:
                caller.call("PATCH", f"/v1/endpoints/{model.name}", {"settings": {"load": "lazy"}})

        begun = time.perf_counter()
        with running(folder / "many") as server:
            figures["all lazy, s"] = ready_seconds(server, begun)
            warm, cold = made[:count // 10], made[count // 10:]
            caller = Caller(reach(server))
            one = [caller.seconds(model) for model in warm]
            figures["cold, one at a time, ms p50"], figures["cold, one at a time, ms p99"] = p(one, 0.5), p(one, 0.99)
            found = under_load(reach(server), warm, cold, askers=4)
            for kind, taken in found.items():
                figures[f"{kind}, others load, ms p50"] = p(taken, 0.5)
                figures[f"{kind}, others load, ms p99"] = p(taken, 0.99)
            figures["threads at the end"] = threads(server)

        budget = status["modelBytes"] // 4
        with running(folder / "many", "--memory-budget", budget) as server:
            caller = Caller(reach(server))
            taken = [caller.seconds(model) for model in made + made]
            figures["with a quarter of the memory, ms p99"] = p(taken, 0.99)
            used = caller.call("GET", "/v1/status")["modelBytes"]
            if used > budget:
                raise SystemExit(f"{used} bytes are used of a budget of {budget}")
    for name, figure in figures.items():
        print(f"{name:40} {figure if isinstance(figure, int) else round(figure, 2)}")
    (ROOT / "many-models.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
