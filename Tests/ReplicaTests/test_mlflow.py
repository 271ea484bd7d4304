# SPDX-License-Identifier: Apache-2.0
"""MLflow's clients at several servers of one platform: one experiment, one run, one file."""

import hashlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fleet import replicas, until
from mlflow_parts import Upload
from mlflow_rest import ARTIFACTS, Rest, pairs, unique
from program import SOAK

POINTS = 500 if SOAK else 40
PART = 1 << 20


@pytest.fixture
def rests(trio):
    return [Rest(server.url) for server in trio]


def at_once(work):
    """Runs `work(place)` for three servers, which begin together."""
    start = threading.Barrier(3)

    def one(place):
        start.wait()
        return work(place)

    with ThreadPoolExecutor(3) as workers:
        return list(workers.map(one, range(3)))


def test_one_run_is_logged_through_all(trio, rests):
    import mlflow

    clients = [mlflow.MlflowClient(tracking_uri=server.url, registry_uri=server.url) for server in trio]
    experiment = clients[0].create_experiment(unique("shared"))
    run = clients[1].create_run(experiment).info.run_id

    def log(place):
        for step in range(POINTS):
            clients[place].log_metric(run, "shared", place * 1000 + step, step=step)
            clients[place].log_metric(run, f"own-{place}", step, step=step)
        clients[place].log_param(run, f"p-{place}", "v")
        clients[place].log_text(run, f"of {place} " * 1000, f"notes/{place}.txt")

    at_once(log)
    clients[2].set_terminated(run)
    for place, client in enumerate(clients):
        found = client.get_run(run)
        assert found.info.status == "FINISHED"
        assert found.data.params == {f"p-{other}": "v" for other in range(3)}
        points = [point.value for point in client.get_metric_history(run, "shared")]
        assert sorted(points) == sorted(other * 1000 + step for other in range(3) for step in range(POINTS))
        assert found.data.metrics[f"own-{place}"] == POINTS - 1
        assert {item.path for item in client.list_artifacts(run, "notes")} == {f"notes/{other}.txt" for other in range(3)}
        other = (place + 1) % 3
        assert open(client.download_artifacts(run, f"notes/{other}.txt")).read() == f"of {other} " * 1000


def test_runs_of_one_experiment_through_all(trio, rests):
    experiment = rests[0].new_experiment()

    def log(place):
        runs = []
        for number in range(POINTS // 4):
            run = rests[place].new_run(experiment)
            rests[place].post(
                "runs/log-batch", run_id=run, params=pairs({"place": str(place)}),
                metrics=[{"key": "m", "value": number, "timestamp": 1, "step": number}])  # fmt: skip
            rests[place].put_artifact(f"{experiment}/{run}/artifacts/f.bin", f"{place} {number}".encode())
            runs.append((run, f"{place} {number}".encode()))
        return runs

    logged = [pair for part in at_once(log) for pair in part]
    for rest in rests:
        pages = rest.pages("POST", "runs/search", "runs", experiment_ids=[experiment], max_results=17)
        assert {run["info"]["run_id"] for page in pages for run in page} == {run for run, _ in logged}
        for run, content in logged[:: POINTS // 8]:
            assert rest.get_artifact(f"{experiment}/{run}/artifacts/f.bin") == content


def test_registered_versions_get_numbers_of_their_own(rests):
    run = rests[0].new_run("0")
    name = rests[1].new_registered_model(unique("numbered"))
    numbers = at_once(lambda place: [int(rests[place].new_version(name, run)) for _ in range(8)])
    assert sorted(sum(numbers, [])) == list(range(1, 25))
    assert all(part == sorted(part) for part in numbers)


# Files in parts


@pytest.fixture
def place(rests):
    experiment = rests[0].new_experiment()
    return f"{experiment}/{rests[0].new_run(experiment)}/artifacts"


def parts_of(count, seed):
    numbers = random.Random(seed)
    return [numbers.randbytes(PART + number) for number in range(count)]


def test_parts_may_go_to_any_server(rests, place):
    """Begun at one, sent to all, completed at another: what a load balancer makes of an upload."""
    contents = parts_of(6, seed=1)
    upload = Upload(rests[0], place, parts=6)
    with ThreadPoolExecutor(3) as senders:
        sent = senders.map(lambda n: upload.send(n + 1, contents[n], to=rests[n % 3]), range(6))
        assert {answer.status_code for answer in sent} == {200}
    assert upload.complete(through=rests[2]).status_code == 200
    whole = hashlib.sha256(b"".join(contents)).hexdigest()
    for rest in rests:
        assert hashlib.sha256(rest.get_artifact(f"{place}/large.bin")).hexdigest() == whole
    # Completed once: asked again, by whoever it is, it is so already.
    assert upload.complete(through=rests[1]).status_code == 200


def test_a_server_that_starts_harms_no_upload(rests, common, place):
    contents = parts_of(2, seed=2)
    upload = Upload(rests[0], place, parts=2)
    assert upload.send(1, contents[0]).status_code == 200
    newcomer = common.start("newcomer")
    until(lambda: newcomer.url in replicas(common.trio[0]))
    assert upload.send(2, contents[1], to=Rest(newcomer.url)).status_code == 200
    assert upload.complete(through=Rest(newcomer.url)).status_code == 200
    common.end("newcomer")
    assert rests[1].get_artifact(f"{place}/large.bin") == b"".join(contents)


def test_an_upload_that_is_given_up_anywhere_is_given_up_everywhere(rests, place):
    upload = Upload(rests[0], place, parts=2)
    assert upload.send(1, b"one", to=rests[1]).status_code == 200
    assert upload.abort(through=rests[2]).status_code == 200
    assert upload.send(2, b"two", to=rests[0]).status_code in (400, 404)
    assert upload.complete(through=rests[1]).status_code in (400, 404)
    assert rests[0].ask("GET", f"{ARTIFACTS}/{place}/large.bin").status_code == 404
