# SPDX-License-Identifier: Apache-2.0
"""MLflow's calls while their PostgreSQL fails: nothing that was acknowledged is lost, and what failed may be repeated."""

import threading
import time

import pytest
from mlflow_rest import Rest
from postgresql import cluster
from program import running

pytestmark = pytest.mark.no_reference("it is about Slipway's own connections")

WRITERS = 4
CUTS = 8


@pytest.fixture
def database():
    with cluster() as own:
        yield own


class Writer(threading.Thread):
    """Logs points one at a time until it is told to stop; what is not acknowledged is written down as such."""

    def __init__(self, url, run, alias):
        super().__init__()
        self.rest, self.run_id, self.alias = Rest(url), run, alias
        self.taken, self.unsure, self.moved = [], [], None
        self.stopping = threading.Event()

    def run(self):
        for step in range(100_000):
            if self.stopping.is_set():
                return
            point = {"run_id": self.run_id, "key": "m", "value": step, "timestamp": step, "step": step}
            answer = self.rest.ask("POST", "runs/log-metric", point)
            # The client repeats what is answered so; anything else would be an error in a notebook.
            assert answer.status_code in (200, 503), answer.text
            (self.taken if answer.status_code == 200 else self.unsure).append(step)
            name, version = self.alias
            moved = {"name": name, "alias": "champion", "version": version}
            answer = self.rest.ask("POST", "registered-models/alias", moved)
            assert answer.status_code in (200, 503), answer.text
            if answer.status_code == 200:
                self.moved = version

    def check(self):
        history = self.rest.get("metrics/get-history", run_id=self.run_id, metric_key="m").get("metrics", [])
        found = [int(point["value"]) for point in history]
        assert set(self.taken) <= set(found)
        assert set(found) <= set(self.taken + self.unsure)
        assert len(found) == len(set(found)), "a point is there twice"


def test_connections_that_break_lose_nothing(database, tmp_path):
    url = database.new_database()
    with running(tmp_path, SLIPWAY_DATABASE=url) as server:
        rest = Rest(server.url)
        run = rest.new_run("0")
        name = rest.new_registered_model()
        for _ in range(WRITERS):
            rest.new_version(name, run)
        writers = [Writer(server.url, rest.new_run("0"), (name, str(number + 1))) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(CUTS):
            time.sleep(0.25)
            database.end_connections(url)
        time.sleep(0.5)
        for writer in writers:
            writer.stopping.set()
        for writer in writers:
            writer.join()
            writer.check()
            assert writer.taken and writer.taken[-1] > CUTS
        champion = rest.get("registered-models/alias", name=name, alias="champion")["model_version"]["version"]
        assert champion in {writer.moved for writer in writers}
        server.slipway("ledger", "verify")


def test_without_the_database_calls_may_be_repeated_and_then_go_on(database, tmp_path):
    url = database.new_database()
    with running(tmp_path, SLIPWAY_DATABASE=url) as server:
        rest = Rest(server.url)
        run = rest.new_run("0")
        rest.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)
        database.stop()
        for path, fields in [
            ("runs/log-metric", {"run_id": run, "key": "m", "value": 2, "timestamp": 2}),
            ("runs/log-batch", {"run_id": run, "params": [{"key": "p", "value": "v"}]}),
            ("registered-models/create", {"name": "churn"}),
        ]:
            answer = rest.ask("POST", path, fields)
            assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE"), answer.text
            # Where the database is, is nobody's business.
            assert str(database.folder) not in answer.text
        assert rest.ask("GET", "runs/get", {"run_id": run}).status_code == 503
        database.start()
        rest.post("runs/log-metric", run_id=run, key="m", value=3, timestamp=3)
        assert rest.metrics(run) == {"m": 3.0}
        assert rest.params(run) == {}
        rest.new_registered_model("churn")
