# SPDX-License-Identifier: Apache-2.0
"""How long from starting the process to its first correct answer, and how much memory it then holds."""
import contextlib
import statistics
import time

import processes
import servers
from inputs import EXAMPLE, JSON, agrees, infer_answer, infer_body, rows, session

INFER = "/v2/models/breast-cancer/infer"


def measure(binary, data, times):
    """`data` is a data folder with breast-cancer deployed, and no server. Each start replays the examples."""
    engine, (_, values) = session(EXAMPLE / "model.onnx"), rows()
    body, taken, memory = infer_body(values[0]), [], []
    for _ in range(times):
        with contextlib.ExitStack() as stack:
            began = time.perf_counter()
            server = servers.slipway(stack, binary, data)
            content = servers.must_ask(server.url, INFER, body, JSON)
            taken.append((time.perf_counter() - began) * 1000)
            if not agrees(infer_answer(content), engine, values[0]):
                raise SystemExit("the first answer differs from the engine's")
            time.sleep(0.5)
            memory.append(processes.resident_mib(server.pid))
    return {"first_answer_ms": statistics.median(taken), "first_answer_ms_least": min(taken),
            "idle_mib": statistics.median(memory)}
