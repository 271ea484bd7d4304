# SPDX-License-Identifier: Apache-2.0
"""How long from starting the process to its first correct answer, and how much memory it holds when it then idles."""
import contextlib
import statistics
import time

import processes
import servers
from inputs import EXAMPLE, JSON, agrees, infer_answer, infer_body, rows, session

INFER = "/v2/models/breast-cancer/infer"
IDLE_S = 5


def measure(binary, data, times):
    """`data` is a data folder with breast-cancer deployed, and no server. Each start replays the examples."""
    engine, (_, values) = session(EXAMPLE / "model.onnx"), rows()
    body, taken = infer_body(values[0]), []
    for turn in range(times):
        with contextlib.ExitStack() as stack:
            began = time.perf_counter()
            server = servers.slipway(stack, binary, data)
            content = servers.must_ask(server.url, INFER, body, JSON)
            taken.append((time.perf_counter() - began) * 1000)
            if not agrees(infer_answer(content), engine, values[0]):
                raise SystemExit("the first answer differs from the engine's")
            if turn + 1 == times:
                time.sleep(IDLE_S)
                memory = processes.resident_mib(server.pid)
    return {"first_answer_ms": statistics.median(taken), "first_answer_ms_least": min(taken),
            "idle_mib": memory}
