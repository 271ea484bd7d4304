# SPDX-License-Identifier: Apache-2.0
"""What questions to a long ledger cost: 100,000 entries, 1,000 live endpoints with a bundle each.

    make bench-ledger
    python Benchmarks/ledger/bench.py --entries 10000 --endpoints 100      # needs the built program, and nothing else

Endpoints are deployed by the program; the entries that are missing then are written into its database, chained as it would
chain them, which it checks. Times are of whole calls over HTTP, in ms. Writes ledger.json.
"""

import argparse
import hashlib
import json
import pathlib
import random
import sqlite3
import statistics
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "PythonSupport"))
from program import MODELS, running  # noqa: E402

NAMES = ["sequence", "time", "actor", "action", "object", "before", "after", "reason", "evidence"]


def sha256(data):
    return hashlib.sha256(data).digest()


def ask(server, path, body=None, method=None):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(server.url + path, data, {
        "Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(asked, timeout=600) as answer:
        return answer.read()


def deploy(server, count):
    """So many endpoints, each of a model with a bundle of its own."""
    server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "seed")
    version = json.loads(ask(server, "/v1/registry/models/seed/versions/1"))
    manifest = ask(server, f"/v1/blobs/{version['bundle']}").decode()
    provenance = ask(server, f"/v1/blobs/{version['provenance']}").decode()
    for number in range(count):
        content = b"%d" % number
        data = hashlib.sha256(b"train %d" % (number % 50)).hexdigest()
        file = '{"bytes":%d,"path":"a","sha256":"%s"},' % (len(content), hashlib.sha256(content).hexdigest())
        documents = [content, manifest.replace('"files":[', '"files":[' + file).encode(),
                     provenance.replace('"data":[', '"data":[{"bytes":1,"path":"train.csv","sha256":"%s"}' % data).encode()]
        digests = ["sha256:" + hashlib.sha256(document).hexdigest() for document in documents]
        for digest, document in zip(digests, documents):
            ask(server, f"/v1/blobs/{digest}", document, "PUT")
        ask(server, f"/v1/registry/models/m{number}/versions", {"manifest": digests[1], "provenance": digests[2]}, "POST")
        ask(server, f"/v1/endpoints/e{number}/deployments", {"model": f"m{number}", "version": "1"}, "POST")


def fill(path, total, endpoints):
    """Entries behind those that are there: settings and rollbacks of endpoints, a second apart."""
    database = sqlite3.connect(path)
    sequence, chain, moment = database.execute(
        "SELECT sequence, chain, time FROM ledger ORDER BY sequence DESC LIMIT 1").fetchone()
    begun, chain, generator, rows = moment, bytes.fromhex(chain), random.Random(6962), []
    while sequence + 1 < total:
        sequence, moment = sequence + 1, moment + 1_000_000
        number = generator.randrange(endpoints)
        record = {"sequence": sequence, "time": moment, "actor": "ada", "object": f"endpoint/default/e{number}",
                  "before": f"model/default/m{number}/1", "after": f"model/default/m{number}/1"}
        record |= {"action": "endpoint.deploy", "evidence": "bundle=sha256:" + "0" * 64} if sequence % 5 == 0 else {
            "action": "endpoint.set", "reason": "as the night batch needs it"}
        leaf = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        chain = sha256(b"\2" + chain + sha256(b"\0" + leaf))
        rows.append([*[record.get(name) for name in NAMES], leaf, chain.hex()])
    marks = ",".join("?" * (len(NAMES) + 2))
    database.executemany(f"INSERT INTO ledger ({','.join(NAMES)}, leaf, chain) VALUES ({marks})", rows)
    database.commit()
    database.close()
    return begun, moment


def timed(call, count=1):
    """Median and slowest, in ms."""
    times = []
    for number in range(count):
        begun = time.perf_counter()
        call(number)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), max(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--endpoints", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5, help="of questions to the whole ledger")
    parser.add_argument("--output", default="ledger.json")
    options = parser.parse_args()
    results = []

    def note(name, figures):
        results.append({"name": name, "median_ms": figures[0], "slowest_ms": figures[1]})
        print(f"| {name} | {figures[0]:,.1f} | {figures[1]:,.1f} |", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with running(folder) as server:
            deploy(server, options.endpoints)
        first, last = fill(folder / "data" / "registry.sqlite", options.entries, options.endpoints)
        print(f"{options.entries:,} entries, {options.endpoints:,} endpoints\n\n| question | median, ms | slowest |\n|---|--:|--:|")
        with running(folder) as server:
            generator = random.Random(1)

            def as_of(_):
                moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(generator.randrange(first, last) / 1e6))
                name = f"e{generator.randrange(options.endpoints)}"
                assert json.loads(ask(server, f"/v1/ledger/endpoints/{name}?at={moment}"))["version"]

            note("what answered at a past minute", timed(as_of, 200))
            head = json.loads(ask(server, "/v1/ledger/head"))
            assert head["size"] >= options.entries
            note("head", timed(lambda _: ask(server, "/v1/ledger/head"), options.rounds))
            note("verify", timed(lambda _: ask(server, "/v1/ledger/verification"), options.rounds))
            kept = f"{head['size']}:{head['root']}"
            note("verify against a head", timed(lambda _: ask(server, f"/v1/ledger/verification?head={kept}"), options.rounds))
            note("prove an entry", timed(lambda number: ask(server, f"/v1/ledger/entries/{number * 999}/proof"), options.rounds))
            note("export", timed(lambda _: ask(server, "/v1/ledger/export"), options.rounds))
            note("verify the data folder, beside the server", timed(
                lambda _: server.slipway("ledger", "verify", "--data", server.data), options.rounds))
            memory = server.resident_bytes() >> 20
            file = hashlib.sha256(b"7").hexdigest()

            def where(query):
                return lambda _: ask(server, f"/v1/where?{query}")

            note("where is a file, first question", timed(where(f"digest={file}")))
            note("where is a file", timed(where(f"digest={file}"), 10))
            note("where is an engine, first question", timed(where("library=onnxruntime%3C2")))
            note("where is an engine", timed(where("library=onnxruntime%3C2"), 10))
            data = hashlib.sha256(b"train 7").hexdigest()
            found = json.loads(ask(server, f"/v1/where?dataset={data}"))
            assert len(found["matches"]) == len(range(7, options.endpoints, 50)) and not found["notExamined"]
            note("where is training data", timed(where(f"dataset={data}"), 10))
            print(f"\nresident memory after the ledger's questions {memory} MiB, at the end {server.resident_bytes() >> 20} MiB")
            results.append({"name": "memory", "after_ledger_mib": memory, "end_mib": server.resident_bytes() >> 20})
    pathlib.Path(options.output).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
