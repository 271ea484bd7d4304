# SPDX-License-Identifier: Apache-2.0
"""What one prediction of a pickled scikit-learn pipeline costs: converted, in Slipway's worker, and in MLServer.

One pickle, one row a request, the same rows in rotation, in rounds. Every answer is the pipeline's own, within 1e-9.
"""
import contextlib
import json
import pathlib
import statistics
import subprocess
import sys

import joblib
import numpy
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import load
import processes
import servers
from inputs import JSON, infer_answer

CONNECTIONS = (1, 16)
KINDS = {"native": "Slipway, converted", "worker": "Slipway, the pickle in a worker"}


def body(row):
    tensor = {"name": "input", "datatype": "FP64", "shape": [1, len(row)], "data": row.tolist()}
    return json.dumps({"inputs": [tensor]}).encode(), JSON


def train(folder):
    """The pipeline, its file, and rows."""
    data = load_breast_cancer()
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(data.data, data.target)
    path = pathlib.Path(folder, "pipeline.joblib")
    joblib.dump(model, path)
    rows = data.data[:150]
    with open(pathlib.Path(folder, "sample.csv"), "w") as file:
        file.write(",".join(f"x{index}" for index in range(30)) + "\n")
        file.writelines(",".join(map(repr, row.tolist())) + "\n" for row in rows)
    return model, path, rows


def deploy(server, folder, path, kind):
    done = subprocess.run(
        [server.process.args[0], "deploy", str(path), "--examples", f"{folder}/sample.csv", "--name", kind,
         "--engine", kind], env=server.environment | {"SLIPWAY_PYTHON": sys.executable}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{kind} was not deployed: {done.stderr}")
    # The load asks as fast as the answers come: nobody is to be refused for waiting.
    servers.command(server, "endpoint", "set", kind, "--wait", "10s")


def check(url, path, bodies, model, rows):
    for (content, headers), row in zip(bodies, rows):
        label, probabilities = infer_answer(servers.must_ask(url, path, content, headers))
        same = label == model.predict(row[None, :])[0] and numpy.allclose(
            numpy.ravel(probabilities), model.predict_proba(row[None, :])[0], rtol=0, atol=1e-9)
        if not same:
            raise SystemExit(f"{path}: another answer than the pipeline's")


def measure(slipway, folder, rounds, seconds):
    model, path, rows = train(folder)
    bodies = [body(row) for row in rows]
    with contextlib.ExitStack() as stack:
        subjects = []
        for kind, name in KINDS.items():
            deploy(slipway, folder, path, kind)
            subjects.append((name, slipway, f"/v2/models/{kind}/infer"))
        for workers, name in ((0, "MLServer, no workers"), (1, "MLServer, default")):
            other, _ = servers.mlserver(
                stack, workers, folder, {"breast-cancer": path}, "mlserver_pickle.PickledModel")
            subjects.append((name, other, "/v2/models/breast-cancer/infer"))
        slices = {name: {count: [] for count in CONNECTIONS} for name, _, _ in subjects}
        scripts = {}
        for index, (name, server, where) in enumerate(subjects):
            check(server.url, where, bodies, model, rows)
            scripts[name] = load.prepare(pathlib.Path(folder, f"workers-{index}"), where, bodies)
            load.drive(server, scripts[name], 16, 1)
        for turn in range(rounds):
            for count in CONNECTIONS:
                for name, server, _ in subjects if turn % 2 == 0 else subjects[::-1]:
                    slices[name][count].append(load.drive(server, scripts[name], count, seconds))
        return {
            "rounds": rounds, "slice_seconds": seconds,
            "servers": {name: {
                "loaded_mib": processes.resident_mib(server.pid),
                **{str(count): {key: statistics.median(one[key] for one in slices[name][count])
                                for key in ("cpu_us", "per_second", "p50_us", "p99_us")} for count in CONNECTIONS}}
                for name, server, _ in subjects}}
