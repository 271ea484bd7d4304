# SPDX-License-Identifier: Apache-2.0
"""The filters of runs: a table of texts, and which of forty runs each one finds."""

import re

import pytest
from mlflow_rest import values
from run_population import NAN


def like(pattern, flags=0):
    """LIKE's own rule: % is any text, _ one character, and there is no way to escape them."""
    parts = [{"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern]
    return re.compile("".join(parts), flags | re.DOTALL).fullmatch


def metric(key, holds):
    """Of runs with that metric; NaN is a value, which is neither greater nor smaller than any."""
    return lambda run: key in run.metrics and holds(float(run.metrics[key]))


def param(key, holds):
    return lambda run: key in run.params and bool(holds(run.params[key]))


def tag(key, holds):
    return lambda run: key in run.tags and bool(holds(run.tags[key]))


def dataset(index, holds):
    return lambda run: any(one[index] is not None and holds(one[index]) for one in run.datasets)


def everything(run):
    return True


def nothing(run):
    return False


METRICS = {
    "": everything,
    "metrics.acc > 0.25": metric("acc", lambda value: value > 0.25),
    "metrics.acc >= 0.25": metric("acc", lambda value: value >= 0.25),
    "metrics.acc < -0.5": metric("acc", lambda value: value < -0.5),
    "metrics.acc <= -0.5": metric("acc", lambda value: value <= -0.5),
    "metrics.acc = 0.5": metric("acc", lambda value: value == 0.5),
    "metrics.acc != 0.5": metric("acc", lambda value: value != 0.5),
    "metrics.acc != 77.7": metric("acc", lambda value: True),
    "metrics.acc = 77.7": nothing,
    "metric.acc>.25": metric("acc", lambda value: value > 0.25),
    "metrics.acc > 1.": metric("acc", lambda value: value > 1),
    "metrics.acc > 1E0": metric("acc", lambda value: value > 1),
    "metrics.acc > 2.5e-1": metric("acc", lambda value: value > 0.25),
    "metrics.`acc` > 0": metric("acc", lambda value: value > 0),
    'metrics."acc" > 0': metric("acc", lambda value: value > 0),
    "metrics.`a b/c.d` > 8": metric("a b/c.d", lambda value: value > 8),
    'metric."a b/c.d" <= 9': metric("a b/c.d", lambda value: value <= 9),
    "metrics.huge = 1e308": metric("huge", lambda value: value == 1e308),
    "metrics.huge > 0": metric("huge", lambda value: value > 0),
    "metrics.huge < -1e307": metric("huge", lambda value: value < -1e307),
    "metrics.huge = 0": metric("huge", lambda value: value == 0),
    "metrics.ACC > 0": nothing,
    "metrics.nope > 0": nothing,
    "metrics.nope != 0": nothing,
}
PARAMS = {
    "params.lr = '0.1'": param("lr", "0.1".__eq__),
    "param.lr = '0.1'": param("lr", "0.1".__eq__),
    "parameter.lr = '0.1'": param("lr", "0.1".__eq__),
    'parameters.lr = "0.1"': param("lr", "0.1".__eq__),
    "params.`lr` = '0.1'": param("lr", "0.1".__eq__),
    "params.lr != '0.1'": param("lr", "0.1".__ne__),
    'params.lr = "é\'"': param("lr", "é'".__eq__),
    "params.lr LIKE '0%'": param("lr", like("0%")),
    "params.lr like '0._'": param("lr", like("0._")),
    "params.lr LIKE 'ABC'": nothing,
    "params.lr ILIKE 'ABC'": param("lr", "abc".__eq__),
    "params.lr ilike 'A_C'": param("lr", "abc".__eq__),
    "params.family LIKE '%o%'": param("family", like("%o%")),
    "params.family ILIKE 'b%'": param("family", like("b%", re.IGNORECASE)),
    "params.optimizer.name LIKE 'adam%'": param("optimizer.name", like("adam%")),
    "params.`optimizer.name` = 'adam5'": param("optimizer.name", "adam5".__eq__),
    "params.\"optimizer.name\" = 'adam5'": param("optimizer.name", "adam5".__eq__),
    "params.lr IS NULL": lambda run: "lr" not in run.params,
    "params.lr IS NOT NULL": param("lr", lambda value: True),
    "params.lr is not null": param("lr", lambda value: True),
    "params.nope IS NULL": everything,
    "params.nope != 'x'": nothing,
    "params.LR = '0.1'": nothing,
}
TAGS = {
    "tags.color = 'red'": tag("color", "red".__eq__),
    "tag.color = 'red'": tag("color", "red".__eq__),
    "tags.color != 'red'": tag("color", "red".__ne__),
    "tags.color = ''": tag("color", "".__eq__),
    "tags.color LIKE ''": tag("color", "".__eq__),
    "tags.color LIKE '%'": tag("color", lambda value: True),
    "tags.color LIKE 'R%'": tag("color", like("R%")),
    "tags.color ILIKE 'RED'": tag("color", like("RED", re.IGNORECASE)),
    "tags.color LIKE 'x_y'": tag("color", like("x_y")),
    "tags.color LIKE 'a%b'": tag("color", like("a%b")),
    "tags.color LIKE 'gr__e'": tag("color", like("gr__e")),
    "tags.color = 'größe'": tag("color", "größe".__eq__),
    "tags.color LIKE 'a\\%b'": nothing,
    "tags.color IS NULL": lambda run: "color" not in run.tags,
    "tags.color IS NOT NULL": tag("color", lambda value: True),
    "tags.`dotted.key/with slash` = 'yes'": tag("color", lambda value: True),
    "tags.mlflow.runName = 'run-01'": lambda run: run.name == "run-01",
    "tags.`mlflow.runName` ILIKE 'RUN-0_'": lambda run: run.name.lower().startswith("run-0"),
    "tags.nope != 'x'": nothing,
}
ATTRIBUTES = {
    "attributes.status = 'RUNNING'": lambda run: run.status == "RUNNING",
    "attribute.status = 'FAILED'": lambda run: run.status == "FAILED",
    "attr.status != 'FAILED'": lambda run: run.status != "FAILED",
    "run.status = 'KILLED'": lambda run: run.status == "KILLED",
    "status = 'FINISHED'": lambda run: run.status == "FINISHED",
    "status LIKE '%ED'": lambda run: run.status.endswith("ED"),
    "status ILIKE 'run%'": lambda run: run.status == "RUNNING",
    "status = 'running'": nothing,
    "run_name = 'run-03'": lambda run: run.name == "run-03",
    "attributes.run_name LIKE 'Run-%'": lambda run: run.name.startswith("Run"),
    "run_name ILIKE 'run-%'": everything,
    "attributes.`run name` = 'run-03'": lambda run: run.name == "run-03",
    "`run name` = 'run-03'": lambda run: run.name == "run-03",
    "attributes.\"Run Name\" = 'run-03'": lambda run: run.name == "run-03",
    "user_id = 'user1'": lambda run: run.user == "user1",
    "attributes.user_id != 'user1'": lambda run: run.user != "user1",
    "start_time > 1000009": lambda run: run.start > 1_000_009,
    "attributes.start_time >= 1000009": lambda run: run.start >= 1_000_009,
    "start_time = 1000009": lambda run: run.start == 1_000_009,
    "start_time != 1000009": lambda run: run.start != 1_000_009,
    "start_time <= 1000009.5": lambda run: run.start <= 1_000_009,
    "start_time > -1": everything,
    "attributes.created < 1000009": lambda run: run.start < 1_000_009,
    "Created < 1000009": lambda run: run.start < 1_000_009,
    "end_time > 0": lambda run: run.end is not None,
    "end_time != 1999999": lambda run: run.end not in (None, 1_999_999),
    "attributes.end_time <= 1999985": lambda run: run.end is not None and run.end <= 1_999_985,
    "artifact_uri LIKE 'mlflow-artifacts:/%'": everything,
    "run_id LIKE '%'": everything,
    "run_id != 'x'": everything,
    "run_id = 'x'": nothing,
    "run_id IN ('x')": nothing,
    "attributes.run_id NOT IN ('x', 'y')": everything,
}
DATASETS = {
    "datasets.name = 'iris'": dataset(0, "iris".__eq__),
    "dataset.name != 'iris'": dataset(0, "iris".__ne__),
    "datasets.name ILIKE 'iris'": dataset(0, like("iris", re.IGNORECASE)),
    "datasets.name LIKE '%i%'": dataset(0, like("%i%")),
    "datasets.digest = 'd1'": dataset(1, "d1".__eq__),
    "datasets.digest IN ('d1', 'd2')": dataset(1, ["d1", "d2"].__contains__),
    "datasets.name NOT IN ('iris')": dataset(0, "iris".__ne__),
    "datasets.context = 'train'": dataset(2, "train".__eq__),
    "dataset.context IN ('train', 'test')": dataset(2, ["train", "test"].__contains__),
}


def all_of(*conditions):
    return lambda run: all(condition(run) for condition in conditions)


TOGETHER = {
    "metrics.acc > 0 AND params.family = 'forest'": all_of(
        metric("acc", lambda value: value > 0), param("family", "forest".__eq__)
    ),
    "metrics.acc > 0 and metrics.acc < 1 AnD status != 'FAILED'": all_of(
        metric("acc", lambda value: 0 < value < 1), lambda run: run.status != "FAILED"
    ),
    "\tparams.lr\n=\r\n'0.1'\tAND   tags.number   !=   '1'  ": all_of(
        param("lr", "0.1".__eq__), tag("number", "1".__ne__)
    ),
    "params.lr='0.1'AND metrics.acc>0": all_of(param("lr", "0.1".__eq__), metric("acc", lambda value: value > 0)),
    "tags.color IS NULL AND params.lr IS NOT NULL AND datasets.name LIKE '%'": all_of(
        lambda run: "color" not in run.tags, param("lr", lambda value: True), dataset(0, lambda value: True)
    ),
    "datasets.name = 'iris' AND datasets.digest = 'd1' AND datasets.context = 'train'": dataset(0, "iris".__eq__),
    "params.family = 'linear' AND params.family = 'forest'": nothing,
    # What looks like a keyword within a text is part of the text.
    "params.family != ' AND 1=1' AND params.family != 'OR'": everything,
}
TABLE = {**METRICS, **PARAMS, **TAGS, **ATTRIBUTES, **DATASETS, **TOGETHER}


@pytest.mark.parametrize("text", TABLE)
def test_a_filter_finds_what_it_says(server, client, population, text):
    experiment, runs = population
    found = {run.info.run_id for run in client.search_runs([experiment], text, max_results=100)}
    numbers = {runs.index(run) for run in runs if run.id in found}
    assert numbers == {number for number, run in enumerate(runs) if TABLE[text](run)}
    assert len(numbers) == len(found), "runs of others were found"


def test_every_way_to_ask_finds_something_and_not_everything(population):
    """The table would say little if its filters found all runs or none."""
    runs = population[1]
    telling = [text for text, holds in TABLE.items() if 0 < sum(map(holds, runs)) < len(runs)]
    assert len(telling) > len(TABLE) * 3 // 4


def test_runs_are_found_by_their_identifiers(client, population):
    experiment, runs = population
    chosen = {runs[3].id, runs[8].id}
    listed = ", ".join(f"'{identifier}'" for identifier in chosen)
    for text, expected in [
        (f"run_id IN ({listed})", chosen),
        (f"attributes.run_id NOT IN ({listed})", {run.id for run in runs} - chosen),
        (f"run_id = '{runs[3].id}'", {runs[3].id}),
        (f"run_id LIKE '{runs[3].id[:20]}%'", {runs[3].id}),
        (f"run_id IN ('{runs[3].id}')", {runs[3].id}),
        (f"artifact_uri LIKE '%{runs[3].id}%'", {runs[3].id}),
    ]:
        assert {run.info.run_id for run in client.search_runs([experiment], text)} == expected, text


def test_found_runs_are_whole(rest, population):
    experiment, runs = population
    found = rest.post("runs/search", experiment_ids=[experiment], filter="tags.number = '35'")["runs"]
    assert found[0]["data"].get("metrics") or runs[35].metrics == {}
    for run in rest.post("runs/search", experiment_ids=[experiment], max_results=100)["runs"]:
        known = next(one for one in runs if one.id == run["info"]["run_id"])
        metrics = values(run["data"].get("metrics", []))
        assert metrics == {key: value if value == NAN else float(value) for key, value in known.metrics.items()}
        assert values(run["data"]["params"]) == known.params
        assert values(run["data"]["tags"]) == known.tags | {"mlflow.runName": known.name}
        assert len(run["inputs"].get("dataset_inputs", [])) == len(known.datasets)
        assert (run["info"]["status"], run["info"].get("end_time")) == (known.status, known.end)


def test_several_experiments_or_none_are_searched(client, rest, population, experiment):
    other = rest.new_run(experiment)
    found = {run.info.run_id for run in client.search_runs([experiment, population[0]], max_results=100)}
    assert found == {other, *(run.id for run in population[1])}
    assert rest.post("runs/search", experiment_ids=[]).get("runs", []) == []
    assert rest.post("runs/search").get("runs", []) == []
    # One that is not there holds no runs.
    found = rest.post("runs/search", experiment_ids=["987654321", experiment])["runs"]
    assert [run["info"]["run_id"] for run in found] == [other]


def test_a_deleted_run_is_found_by_views_that_show_it(client, mlflow, rest, experiment):
    kept, gone = [rest.new_run(experiment, run_name="same") for _ in range(2)]
    client.delete_run(gone)
    views = mlflow.entities.ViewType
    for view, expected in [(views.ACTIVE_ONLY, [kept]), (views.DELETED_ONLY, [gone])]:
        found = client.search_runs([experiment], "run_name = 'same'", run_view_type=view)
        assert [run.info.run_id for run in found] == expected
