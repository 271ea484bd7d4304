# SPDX-License-Identifier: Apache-2.0
"""Filters that are none: refused in every search, whatever they try, and nothing is harmed by them."""

import pytest
from mlflow_rest import unique

# What no search takes, with {key} for a text that each of them knows.
EVERYWHERE = {
    "only spaces": "   ",
    "a key alone": "{key}",
    "no value": "{key} =",
    "no key": "= 'x'",
    "a value first": "'x' = {key}",
    "two values": "{key} = 'a' 'b'",
    "a text that does not end": "{key} = 'x",
    "a value without quotes": "{key} = x",
    "a value in backticks": "{key} = `x`",
    "null": "{key} = NULL",
    "an unknown attribute": "bogus = 'x'",
    "an unknown attribute of an entity": "attributes.bogus = 'x'",
    "an unknown entity": "bogus.x = 'x'",
    "an entity in capitals": "TAGS.x = 'x'",
    "or": "{key} = 'x' OR {key} = 'y'",
    "or what is always true": "{key} = 'x' OR 1=1",
    "and what is always true": "{key} = 'x' AND 1=1",
    "a text that equals itself": "'a' = 'a'",
    "a number that equals itself": "1 = 1",
    "not": "NOT {key} = 'x'",
    "parentheses": "({key} = 'x')",
    "parentheses around a part": "{key} = 'x' AND ({key} = 'y')",
    "ampersands": "{key} = 'x' && {key} = 'y'",
    "a comma": "{key} = 'x', {key} = 'y'",
    "a greater text": "{key} > 'x'",
    "two equals signs": "{key} == 'x'",
    "angle brackets": "{key} <> 'x'",
    "an assignment": "{key} := 'x'",
    "not like": "{key} NOT LIKE 'x'",
    "a regular expression": "{key} RLIKE 'x'",
    "glob": "{key} GLOB '*'",
    "match": "{key} MATCH 'x'",
    "between": "{key} BETWEEN 'a' AND 'b'",
    "a case": "CASE WHEN 1 THEN 1 END",
    "exists": "EXISTS (SELECT 1)",
    "a semicolon": "{key} = 'x';",
    "a second statement": "{key} = 'x'; DROP TABLE runs",
    "a statement that deletes": "{key} = 'x'; DELETE FROM experiments; --",
    "a statement alone": "DROP TABLE runs",
    "a selection": "SELECT * FROM runs",
    "a union": "{key} = 'x' UNION SELECT * FROM runs",
    "a selection for a value": "{key} = (SELECT name FROM experiments)",
    "a function": "{key} = load_extension('x')",
    "a comment to the end": "{key} = 'x' -- and more",
    "a comment without a blank": "{key} = 'x'--",
    "a comment within": "{key} = 'x' /* and */",
    "a concatenation": "{key} = 'x' || 'y'",
    "a parameter": "{key} = ?",
    "a named parameter": "{key} = :name",
    "a pragma": "PRAGMA writable_schema = ON",
    "an attached file": "ATTACH DATABASE '/tmp/x' AS x",
    "curly quotes": "{key} = ‘x’",
    "an emoji as a key": "🎉 = 'x'",
}
OF_RUNS = {
    "a metric as a text": "metrics.acc > '0.2'",
    "a metric as a word": "metrics.acc > abc",
    "a metric that is NaN": "metrics.acc = NaN",
    "a metric that is NaN as a text": "metrics.acc = 'NaN'",
    "infinity": "metrics.acc > infinity",
    "a sum": "metrics.acc > 1+1",
    "a number in parentheses": "metrics.acc > (0)",
    "a hexadecimal number": "metrics.acc > 0x10",
    "a metric like": "metrics.acc LIKE '1'",
    "a metric that is null": "metrics.acc IS NULL",
    "a metric in": "metrics.acc IN (1)",
    "a metric first": "0 < metrics.acc",
    "a key with a blank and no backticks": "metrics.train loss > 0",
    "a param as a number": "params.lr = 0.1",
    "a param in": "params.lr IN ('0.1', '1')",
    "a param not in": "params.lr NOT IN ('0.1')",
    "a greater param": "params.lr >= '0'",
    "a tag in": "tags.color IN ('red')",
    "backticks that do not end": "params.`lr = 'x'",
    "a backtick within backticks": "tags.`a`b` = 'x'",
    "blanks around the dot": "params . lr = 'x'",
    "a status as a number": "status = 1",
    "a status in": "status IN ('RUNNING')",
    "a status that is null": "status IS NULL",
    "a name in": "run_name IN ('a')",
    "a time as a text": "start_time > '1'",
    "a time like": "start_time LIKE '1'",
    "a time in": "start_time IN (1)",
    "an end that is null": "end_time IS NULL",
    "a stage of life": "lifecycle_stage = 'active'",
    "an experiment": "experiment_id = '1'",
    "an empty list": "run_id IN ()",
    "a list of numbers": "run_id IN (1)",
    "a text for a list": "run_id IN 'a'",
    "a selection for a list": "run_id IN (SELECT run_uuid FROM runs)",
    "a list and what is always true": "run_id IN ('a') OR 1=1",
    "a list that does not end": "run_id IN ('a'",
    "an unknown field of a dataset": "datasets.bogus = 'x'",
    "a dataset that is null": "datasets.name IS NULL",
    "a greater dataset": "datasets.name > 'x'",
    "a dataset as a number": "datasets.name = 1",
}
# Searches, with how each is asked, a key that it knows, and whether it takes lists and nothing else.
SEARCHES = {
    "runs": ("POST", "runs/search", "params.lr", {"experiment_ids": ["0"]}),
    "run names": ("POST", "runs/search", "run_name", {"experiment_ids": ["0"]}),
    "experiments": ("POST", "experiments/search", "name", {"max_results": 10}),
    "registered models": ("GET", "registered-models/search", "name", {}),
    "model versions": ("GET", "model-versions/search", "name", {}),
}


@pytest.fixture(scope="module")
def treasure(rest):
    """What must still be there afterwards."""
    experiment = rest.new_experiment()
    run = rest.new_run(experiment)
    rest.post("runs/log-batch", run_id=run, params=[{"key": "lr", "value": "x"}])
    name = rest.new_registered_model(unique("treasure"))
    version = rest.new_version(name, run)
    yield experiment, run, name
    assert rest.params(run) == {"lr": "x"}
    assert rest.get("experiments/get", experiment_id=experiment)["experiment"]["lifecycle_stage"] == "active"
    assert rest.get("registered-models/get", name=name)["registered_model"]["latest_versions"][0]["version"] == version


@pytest.mark.parametrize("case", EVERYWHERE)
@pytest.mark.parametrize("search", SEARCHES)
def test_a_filter_that_is_none_is_refused(server, rest, treasure, search, case):
    method, path, key, fields = SEARCHES[search]
    if fields.get("experiment_ids"):
        fields = fields | {"experiment_ids": [treasure[0]]}
    text = EVERYWHERE[case].format(key=key)
    rest.refuses("INVALID_PARAMETER_VALUE", method, path, fields | {"filter": text})


@pytest.mark.parametrize("case", OF_RUNS)
def test_a_filter_of_runs_that_is_none_is_refused(server, rest, treasure, case):
    fields = {"experiment_ids": [treasure[0]], "filter": OF_RUNS[case]}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/search", fields)


LOGGED_MODELS = {
    "an unknown entity": "bogus.x = 'x'",
    "a key alone": "name",
    "no value": "name =",
    "or": "name = 'x' OR 1=1",
    "parentheses": "(name = 'x')",
    "a metric like": "metrics.acc LIKE 'x'",
    "a second statement": "name = 'x'; DROP TABLE logged_models",
    "a union": "name = 'x' UNION SELECT * FROM runs",
    "a comment": "name = 'x' -- y",
    "a selection": "SELECT * FROM logged_models",
    "a text that does not end": "name = 'x",
    "a greater text": "name > 'x'",
}


@pytest.mark.parametrize("case", LOGGED_MODELS)
def test_a_filter_of_logged_models_that_is_none_is_refused(server, rest, treasure, case):
    fields = {"experiment_ids": [treasure[0]], "filter": LOGGED_MODELS[case]}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "logged-models/search", fields)


@pytest.mark.slipway_only("it answers 500")
def test_an_unknown_attribute_of_logged_models_is_refused(server, rest, treasure):
    for text in ["bogus = 'x'", "attributes.bogus = 'x'"]:
        fields = {"experiment_ids": [treasure[0]], "filter": text}
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "logged-models/search", fields)


# Texts that would break out of a statement that was glued together, as values and as keys: no run has them.
ATTACKS = [
    "' OR '1'='1",
    "'' OR ''1''=''1",
    "x'; DROP TABLE runs; --",
    "x') OR 1=1 --",
    "x' UNION SELECT 1, 2, 3 --",
    "\\' OR 1=1 --",
    "%27 OR 1=1",
    pytest.param("x\\", marks=pytest.mark.slipway_only("it answers 500 where an order ends so")),
    "x\x00' OR 1=1",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "x" * 10_000,
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_within_quotes_finds_nothing(server, rest, treasure, attack):
    filters = [f'params.lr = "{attack}"', f'run_name = "{attack}"', f'tags.`{attack}` = "x"', f'run_id IN ("{attack}")']
    for text in filters:
        found = rest.ask("POST", "runs/search", {"experiment_ids": [treasure[0]], "filter": text})
        # A backslash or a NUL is no reason to refuse, and no reason to take it.
        assert found.status_code in (200, 400), found.text
        if found.status_code == 200:
            assert found.json().get("runs", []) == [], text
    for key in ["params", "metrics", "tags"]:
        fields = {"experiment_ids": [treasure[0]], "order_by": [f"{key}.`{attack}` DESC"]}
        assert rest.ask("POST", "runs/search", fields).status_code in (200, 400)


def test_a_filter_of_many_comparisons_is_answered(server, rest, treasure):
    text = " AND ".join(["params.lr = 'x'"] * 40)
    fields = {"experiment_ids": [treasure[0]], "filter": text}
    assert [run["info"]["run_id"] for run in rest.post("runs/search", **fields)["runs"]] == [treasure[1]]


@pytest.mark.slipway_only("it answers 500")
def test_a_filter_of_too_many_comparisons_is_no_failure_of_the_server(server, rest, treasure):
    text = " AND ".join(f"params.p{number} = 'x'" for number in range(500))
    answer = rest.ask("POST", "runs/search", {"experiment_ids": [treasure[0]], "filter": text})
    assert answer.status_code in (200, 400), answer.text[:300]
    deep = "(" * 2000 + "params.lr = 'x'" + ")" * 2000
    rest.refuses(None, "POST", "runs/search", {"experiment_ids": [treasure[0]], "filter": deep})
