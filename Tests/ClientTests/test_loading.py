# SPDX-License-Identifier: Apache-2.0
"""A large model is loaded beside live traffic: on one thread that steps back behind all others."""

import threading
import time
from pathlib import Path

from large_model import write_chain
from program import MODELS, fetch, running

BODY = [{"values": [1]}]


def threads_of(process):
    """Name, nice value and spent ticks of each thread."""
    threads = {}
    for folder in Path(f"/proc/{process}/task").iterdir():
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
        except FileNotFoundError:
            continue
        fields = rest.split()
        threads[int(folder.name)] = name, int(fields[16]), int(fields[11]) + int(fields[12])
    return threads


def test_only_what_loads_steps_back(tmp_path):
    model = write_chain(tmp_path / "large.onnx", layers=3, width=4096)
    with running(tmp_path / "server") as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        server.slipway("deploy", model, "--name", "large")
        own = threads_of(server.pid)[server.pid][1]
        before, seen, over = threads_of(server.pid), {}, threading.Event()

        def watch():
            while not over.is_set():
                seen.update(threads_of(server.pid))
                time.sleep(0.005)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for verb in ["load", "load", "unload", "load"]:
                status, text = fetch(
                    f"{server.url}/v2/repository/models/large/{verb}", {}, Authorization=f"Bearer {server.token}")
                assert status == 200, text
                assert fetch(f"{server.url}/v1/endpoints/scale/predict", BODY)[0] == 200
        finally:
            over.set()
            watcher.join()
        nicer = {thread for thread, (_, nice, _) in seen.items() if nice > own}
        assert {seen[thread][:2] for thread in nicer} == {("loading", own + 10), ("waking", own + 10)}, seen
        (loading,) = [thread for thread in nicer if seen[thread][0] == "loading"]
        # It is the one that did the work, and it is there from the start.
        spent = {thread: ticks - before.get(thread, (0, 0, 0))[2] for thread, (_, _, ticks) in seen.items()}
        assert loading in before and spent[loading] == max(spent.values()) > 0, spent
