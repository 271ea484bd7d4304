# SPDX-License-Identifier: Apache-2.0
"""What a prediction costs: start to first correct answer, idle memory, CPU per request.

CPU is user + system time of the server process, divided by the requests that were answered, so that it says the same
on a busy machine. The engine called from Python on the same rows is the yardstick beside it. Bodies rotate, because a
branch predictor learns one that repeats; every kind of answer is checked before it is timed.

    python Benchmarks/serving/bench.py [--seconds 5] [--binary .build/release/slipway] [--output bench.json]
"""
import argparse
import csv
import http.client
import json
import os
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

import numpy
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/breast-cancer"
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """A server of its own, on a free port and a temporary folder."""

    def __init__(self, binary, data):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [binary, "serve", "--data", data, "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.url = line.split()[-1]
                break
        else:
            raise SystemExit("the server did not start; run `slipway doctor`")
        self.host = self.url.removeprefix("http://")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def resident_mib(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 2**20

    def ask(self, path, body):
        connection = http.client.HTTPConnection(self.host)
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {content.decode()}")
        return json.loads(content)

    def stop(self):
        self.process.terminate()
        if self.process.wait(30) != 0:
            raise SystemExit("the server did not end well")


def rows():
    with open(EXAMPLE / "examples.csv", newline="") as file:
        table = list(csv.DictReader(file))
    names = [name for name in table[0] if name != "label" and not name.startswith("probabilities[")]
    return names, [[float(row[name]) for name in names] for row in table]


def bodies(kind, names, values):
    if kind == "rows":
        return [json.dumps([dict(zip(names, row))]) for row in values]
    return [json.dumps({"inputs": [
        {"name": "features", "datatype": "FP32", "shape": [1, len(row)], "data": row}]}) for row in values]


PATHS = {"infer": "/v2/models/breast-cancer/infer", "rows": "/v1/endpoints/breast-cancer/predict"}


def probability(kind, answer):
    if kind == "rows":
        return answer["predictions"][0]["probabilities"][1]
    return next(output for output in answer["outputs"] if output["name"] == "probabilities")["data"][1]


def wrk(server, kind, payloads, connections, seconds, folder):
    """CPU microseconds a request, requests a second, and wrk's own p50 and p99 in microseconds."""
    script = pathlib.Path(folder) / f"{kind}.lua"
    quoted = ",\n".join("[==[" + payload + "]==]" for payload in payloads)
    script.write_text(
        f"local bodies = {{\n{quoted}\n}}\nlocal turn = 0\n"
        "request = function()\n  turn = turn % #bodies + 1\n"
        f"  return wrk.format('POST', '{PATHS[kind]}', {{['Content-Type'] = 'application/json'}}, bodies[turn])\nend\n"
        "done = function(summary, latency)\n"
        "  io.write(string.format('RESULT %d %d %d %d %d\\n', summary.requests, summary.duration,\n"
        "    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write\n"
        "      + summary.errors.timeout, latency:percentile(50), latency:percentile(99)))\nend\n")
    before = server.cpu_seconds()
    run = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), server.url],
        capture_output=True, text=True, check=True)
    used = server.cpu_seconds() - before
    requests, microseconds, errors, p50, p99 = map(int, run.stdout.split("RESULT ")[1].split())
    if errors:
        raise SystemExit(f"{errors} errors: {run.stdout}")
    return {
        "cpu_us": used / requests * 1e6, "per_second": requests / microseconds * 1e6, "p50_us": p50, "p99_us": p99}


def engine_alone(values, seconds):
    """CPU microseconds of one call of one row, from Python."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(EXAMPLE / "model.onnx"), options)
    inputs = [numpy.array([row], numpy.float32) for row in values]
    calls, before, end = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        for row in inputs:
            session.run(None, {"features": row})
        calls += len(inputs)
    return (time.process_time() - before) / calls * 1e6


def start_to_first_answer(binary, data, body, expected, times=7):
    """Milliseconds from starting the process to a correct answer, its endpoint proving itself on the way."""
    taken = []
    for _ in range(times):
        server = Server(binary, data)
        answer = probability("rows", server.ask(PATHS["rows"], body))
        taken.append((time.perf_counter() - server.started) * 1000)
        if numpy.float32(answer) != expected:
            raise SystemExit("the first answer differs from the engine's")
        server.stop()
    return {"median": statistics.median(taken), "fastest": min(taken)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--binary", default=str(ROOT / ".build/release/slipway"))
    arguments.add_argument("--output", default=str(ROOT / "bench.json"))
    options = arguments.parse_args()
    names, values = rows()
    result = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "date": time.strftime("%Y-%m-%d")}
    with tempfile.TemporaryDirectory() as folder:
        data = folder + "/data"
        server = Server(options.binary, data)
        token = pathlib.Path(data, "token").read_text().strip()
        subprocess.run(
            [options.binary, "deploy", str(EXAMPLE)], check=True, capture_output=True,
            env=os.environ | {"SLIPWAY_URL": server.url, "SLIPWAY_TOKEN": token})
        server.stop()

        row_bodies = bodies("rows", names, values)
        session = onnxruntime.InferenceSession(str(EXAMPLE / "model.onnx"))
        first = session.run(None, {"features": numpy.array([values[0]], numpy.float32)})[1][0][1]
        result["start_to_first_answer_ms"] = start_to_first_answer(options.binary, data, row_bodies[0], first)
        server = Server(options.binary, data)
        for kind in PATHS:
            for row, body in zip(values, bodies(kind, names, values)):
                expected = session.run(None, {"features": numpy.array([row], numpy.float32)})[1][0][1]
                if numpy.float32(probability(kind, server.ask(PATHS[kind], body))) != expected:
                    raise SystemExit(f"{kind}: the answer differs from the engine's")
        result["idle_mib"] = server.resident_mib()
        result["engine_from_python_us"] = engine_alone(values, options.seconds)
        result["requests"] = {}
        for kind in PATHS:
            payloads = bodies(kind, names, values)
            for connections in (1, 16, 64):
                measured = wrk(server, kind, payloads, connections, options.seconds, folder)
                measured["ratio_to_engine"] = measured["cpu_us"] / result["engine_from_python_us"]
                result["requests"][f"{kind}, {connections} connections"] = measured
        result["loaded_mib"] = server.resident_mib()
        server.stop()
    pathlib.Path(options.output).write_text(json.dumps(result, indent=2) + "\n")
    start = result["start_to_first_answer_ms"]
    print(f"start to first correct answer  {start['median']:.0f} ms (fastest {start['fastest']:.0f})")
    print(f"resident memory                {result['idle_mib']:.0f} MiB idle, {result['loaded_mib']:.0f} after the load")
    print(f"engine alone, from Python      {result['engine_from_python_us']:.1f} µs CPU a call")
    for name, one in result["requests"].items():
        print(f"{name:30} {one['cpu_us']:5.1f} µs CPU a request ({one['ratio_to_engine']:.1f} × the engine), "
              f"{one['per_second']:.0f}/s, p50 {one['p50_us']} µs, p99 {one['p99_us']} µs")


if __name__ == "__main__":
    main()
