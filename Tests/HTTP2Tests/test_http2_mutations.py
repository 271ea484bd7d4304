# SPDX-License-Identifier: Apache-2.0
"""Mutated streams do no harm: ten thousand in the ordinary run, a million with SLIPWAY_SOAK=1. SLIPWAY_SEED chooses
others."""

import collections
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

from program import MODELS, SOAK, running
from protocols_beside import Grpc, Rest
from soak_streams import begin_worker, run

SEED = int(os.environ.get("SLIPWAY_SEED", "7"))
STREAMS = int(os.environ.get("SLIPWAY_MUTATIONS", "1000000" if SOAK else "10000"))
WORKERS = 2
GROWTH_LIMIT = 20 << 20
DEPLOYED = {"echo": "identity-fp32", "texts": "identity-string", "counts": "identity-int64"}


def test_mutated_streams_do_no_harm(tmp_path):
    began, streams, task, came, slowest = time.monotonic(), 0, 0, collections.Counter(), 0.0
    with running(tmp_path, "--grpc-port", 0) as server:
        for name, model in DEPLOYED.items():
            server.slipway("deploy", MODELS / f"{model}.onnx", "--name", name)
        ports = [server.port, server.grpc_port]
        context = multiprocessing.get_context("fork")
        with (
            ProcessPoolExecutor(WORKERS, context, begin_worker, (SEED, ports)) as pool,
            Rest(server.port) as rest,
            Grpc(server.grpc_port) as grpc,
        ):
            warm, descriptors = None, server.descriptor_count()
            tasks = collections.deque(pool.submit(run, index) for index in range(2 * WORKERS))
            task = len(tasks)
            while streams < STREAMS:
                count, found = tasks.popleft().result(timeout=300)
                tasks.append(pool.submit(run, task))
                task += 1
                streams += count
                came.update(found)
                for client in (rest, grpc):
                    asked = time.monotonic()
                    client.ask([float(streams), 0.25, -1.0])
                    slowest = max(slowest, time.monotonic() - asked)
                assert server.is_running(), server.log.read_text()[-4000:]
                if warm is None and streams > STREAMS / 5:
                    warm = server.resident_bytes()
            for left in tasks:
                left.result(timeout=300)
        grown, seconds = server.resident_bytes() - warm, time.monotonic() - began
        print(
            f"{streams} mutated streams in {seconds:.0f} s, seed {SEED}: memory +{grown >> 10} KiB, slowest control "
            f"{slowest * 1000:.0f} ms, came {dict(sorted(came.items(), key=str))}"
        )
        assert grown < GROWTH_LIMIT
        deadline = time.monotonic() + 10
        while server.descriptor_count() > descriptors + 4 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert server.descriptor_count() <= descriptors + 4, "connections are left over"
        # The mutations are neither all harmless nor all refused as a whole.
        assert came[200] > streams / 10 and came["wild"] > streams / 25 and came["reset 1"] > streams / 200
        assert slowest < 5
