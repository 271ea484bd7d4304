# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged is there after the server was killed in the middle of writes; what was not is there whole or not."""

import contextlib
import hashlib
import signal
import threading
import time

import postgresql
import pytest
import requests
from mlflow_rest import Rest
from program import SOAK, running, unfinished

pytestmark = pytest.mark.no_reference("it promises nothing of the kind")

ROUNDS = 40 if SOAK else 3
WRITERS = 4


class Writer(threading.Thread):
    """Logs one thing after the other until the server is gone, and remembers what was acknowledged."""

    def __init__(self, rest, experiment, number):
        super().__init__()
        self.rest, self.number = rest, number
        self.run_id = rest.new_run(experiment)
        self.place = f"{experiment}/{self.run_id}/artifacts"
        self.points, self.params, self.files, self.versions = 0, [], {}, []
        self.name = f"killed-{self.run_id}"
        rest.new_registered_model(self.name)

    def run(self):
        with contextlib.suppress(requests.exceptions.RequestException, AssertionError):
            for step in range(10_000):
                batch = [{"key": "m", "value": step * 10 + index, "timestamp": step, "step": step} for index in range(10)]
                self.rest.post("runs/log-batch", run_id=self.run_id, metrics=batch)
                self.points += 10
                self.rest.post("runs/log-parameter", run_id=self.run_id, key=f"p{step}", value=str(step))
                self.params.append(f"p{step}")
                content = f"{self.number} {step} ".encode() * 2_000
                self.rest.put_artifact(f"{self.place}/{step}.bin", content)
                self.files[f"{step}.bin"] = hashlib.sha256(content).hexdigest()
                self.versions.append(self.rest.new_version(self.name, self.run_id))

    def check(self, rest):
        run = rest.get("runs/get", run_id=self.run_id)["run"]
        assert set(self.params) <= {param["key"] for param in run["data"].get("params", [])}
        history = rest.get("metrics/get-history", run_id=self.run_id, metric_key="m").get("metrics", [])
        # A batch is there as a whole: the one that was on its way, too.
        assert len(history) in (self.points, self.points + 10)
        assert [point["value"] for point in history] == list(range(len(history)))
        for name, digest in self.files.items():
            assert hashlib.sha256(rest.get_artifact(f"{self.place}/{name}")).hexdigest() == digest
        found = rest.get("model-versions/search", filter=f"name = '{self.name}'").get("model_versions", [])
        numbers = sorted(int(version["version"]) for version in found)
        assert len(numbers) in (len(self.versions), len(self.versions) + 1)
        assert numbers == list(range(1, len(numbers) + 1))


def test_nothing_that_was_acknowledged_is_lost(tmp_path):
    written = []
    store = postgresql.store()
    for round in range(ROUNDS):
        with running(tmp_path, ends_with=-signal.SIGKILL, **store) as server:
            rest = Rest(server.url)
            for writer in written:
                writer.check(rest)
            experiment = rest.new_experiment()
            writers = [Writer(rest, experiment, number) for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(0.4 + 0.13 * (round % 7))
            server.process.kill()
            for writer in writers:
                writer.join()
            written += writers
            assert sum(writer.points for writer in writers) > 0, "nothing was written before the end"
    assert len(written) == ROUNDS * WRITERS
    with running(tmp_path, **store) as server:
        rest = Rest(server.url)
        for writer in written:
            writer.check(rest)
        server.slipway("ledger", "verify")
    assert not unfinished(tmp_path / "data")
