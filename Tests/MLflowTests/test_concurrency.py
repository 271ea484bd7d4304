# SPDX-License-Identifier: Apache-2.0
"""Eight clients at once: nothing is lost, nothing is counted twice, and nobody sees half of anything."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from mlflow_rest import ARTIFACTS, Rest, pairs, unique

THREADS = 8
TIMES = 8


def at_once(server, work):
    """Runs `work(rest, number)` in eight threads, each with a connection of its own, which begin together."""
    start = threading.Barrier(THREADS)

    def one(number):
        rest = Rest(server.url)
        start.wait()
        return work(rest, number)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(THREADS)))


def test_everything_written_to_one_run_is_kept(server, rest, client, run):
    def write(rest, number):
        for time in range(TIMES):
            rest.post(
                "runs/log-batch",
                run_id=run,
                metrics=[
                    {"key": "shared", "value": number * 1000 + time, "timestamp": time, "step": number},
                    {"key": f"own-{number}", "value": time, "timestamp": time, "step": time},
                ],
                params=pairs({f"p-{number}-{time}": "v"}),
                tags=pairs({f"t-{number}": str(time), "shared": str(number)}),
            )
            rest.post("runs/log-metric", run_id=run, key="single", value=time, timestamp=time, step=number)

    at_once(server, write)
    assert len(client.get_metric_history(run, "shared")) == THREADS * TIMES
    assert len(client.get_metric_history(run, "single")) == THREADS * TIMES
    metrics = rest.metrics(run)
    # Of the greatest step, the greatest time.
    assert metrics["shared"] == (THREADS - 1) * 1000 + TIMES - 1
    assert {metrics[f"own-{number}"] for number in range(THREADS)} == {TIMES - 1}
    assert len(rest.params(run)) == THREADS * TIMES
    tags = rest.tags(run)
    assert {tags[f"t-{number}"] for number in range(THREADS)} == {str(TIMES - 1)}
    assert tags["shared"] in map(str, range(THREADS))


def test_of_a_param_only_one_value_wins(server, rest, run):
    def write(rest, number):
        fields = {"run_id": run, "key": "contested", "value": str(number)}
        return rest.ask("POST", "runs/log-parameter", fields)

    answers = at_once(server, write)
    assert [answer.status_code for answer in answers].count(200) == 1
    for answer in answers:
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    won = next(number for number, answer in enumerate(answers) if answer.status_code == 200)
    assert rest.params(run) == {"contested": str(won)}


def test_versions_are_numbered_without_gaps_or_twins(server, rest, run):
    name = rest.new_registered_model()
    made = at_once(server, lambda rest, number: [rest.new_version(name, run) for _ in range(4)])
    numbers = sorted(int(version) for versions in made for version in versions)
    assert numbers == list(range(1, THREADS * 4 + 1))


def test_an_alias_names_one_version_at_any_time(server, rest, client, run):
    name = rest.new_registered_model()
    for _ in range(THREADS):
        rest.new_version(name, run)
    rest.post("registered-models/alias", name=name, alias="champion", version="1")

    def move(rest, number):
        for _ in range(TIMES):
            rest.post("registered-models/alias", name=name, alias="champion", version=str(number + 1))
            found = rest.get("registered-models/alias", name=name, alias="champion")["model_version"]
            # Never none, and the version is whole.
            assert "champion" in found["aliases"]
            assert 1 <= int(found["version"]) <= THREADS

    at_once(server, move)
    holders = [version for version in range(1, THREADS + 1) if client.get_model_version(name, str(version)).aliases]
    assert len(holders) == 1
    assert client.get_registered_model(name).aliases == {"champion": str(holders[0])}


@pytest.mark.parametrize(
    ("path", "key"), [("experiments/create", "experiment_id"), ("registered-models/create", "registered_model")]
)
def test_a_name_is_given_once(server, path, key):
    name = unique("contested")
    answers = at_once(server, lambda rest, number: rest.ask("POST", path, {"name": name}))
    assert [answer.status_code for answer in answers].count(200) == 1
    for answer in answers:
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
        else:
            assert key in answer.json()


def test_runs_are_made_side_by_side(server, rest, experiment):
    made = at_once(server, lambda rest, number: [rest.new_run(experiment) for _ in range(5)])
    identifiers = {run for runs in made for run in runs}
    assert len(identifiers) == THREADS * 5
    found = rest.post("runs/search", experiment_ids=[experiment], max_results=1000)["runs"]
    assert {run["info"]["run_id"] for run in found} == identifiers


def test_a_file_is_one_of_those_that_were_written(server, rest, run):
    place = rest.run(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    contents = [bytes([number]) * 300_000 for number in range(THREADS)]

    def write(rest, number):
        for _ in range(3):
            rest.put_artifact(f"{place}/contested", contents[number])
        rest.put_artifact(f"{place}/own/{number}", contents[number])

    at_once(server, write)
    assert rest.get_artifact(f"{place}/contested") in contents
    assert len(rest.get(ARTIFACTS, path=f"{place}/own")["files"]) == THREADS
    for number in range(THREADS):
        assert rest.get_artifact(f"{place}/own/{number}") == contents[number]


@pytest.mark.no_reference("it may write over a file that is read")
def test_who_reads_a_file_sees_a_whole_one(server, rest, run):
    place = rest.run(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    contents = [bytes([number]) * 300_000 for number in range(THREADS)]
    rest.put_artifact(f"{place}/contested", contents[0])

    def write_and_read(rest, number):
        for _ in range(8):
            rest.put_artifact(f"{place}/contested", contents[number])
            assert rest.get_artifact(f"{place}/contested") in contents

    at_once(server, write_and_read)


def test_pages_are_walked_while_others_write(server, rest, experiment):
    """What was there at the start is found once, whatever comes in the meantime."""
    there = {rest.new_run(experiment, start_time=1000 - number) for number in range(20)}

    def write_or_walk(rest, number):
        if number % 2:
            # Older than those: they come behind them, and move none.
            for time in range(5):
                rest.new_run(experiment, start_time=time)
            return None
        pages = rest.pages("POST", "runs/search", "runs", experiment_ids=[experiment], max_results=7)
        return [run["info"]["run_id"] for page in pages for run in page]

    for walked in filter(None, at_once(server, write_or_walk)):
        assert sorted(run for run in walked if run in there) == sorted(there)
