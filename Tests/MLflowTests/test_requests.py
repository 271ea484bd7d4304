# SPDX-License-Identifier: Apache-2.0
"""What every call has in common: content types, JSON that is broken, fields nobody knows, queries, prefixes, paths."""

import re
from urllib.parse import unquote_plus

import pytest
from mlflow_rest import API, assert_refused, unique

JSON = {"Content-Type": "application/json"}
CREATE = API + "experiments/create"


def create(rest, body, headers=JSON):
    return rest.ask("POST", CREATE, data=body, headers=headers)


def named(name):
    return f'{{"name": "{name}"}}'.encode()


# Content types


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"]
)
def test_json_is_taken(rest, kind):
    assert create(rest, named(unique("typed")), {"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"],
)
def test_another_content_type_is_refused(rest, kind):
    """A form of a page elsewhere could be sent to this server by a browser; JSON could not."""
    name = unique("typed")
    headers = {} if kind is None else {"Content-Type": kind}
    assert_refused(create(rest, named(name), headers), "INVALID_PARAMETER_VALUE")
    rest.refuses("RESOURCE_DOES_NOT_EXIST", "GET", "experiments/get-by-name", {"experiment_name": name})


# Bodies

BROKEN = {
    "nothing": b"",
    "half an object": b"{",
    "a name that does not end": b'{"name": "a',
    "a comma too many": b'{"name": "a",}',
    "single quotes": b"{'name': 'a'}",
    "more after it": b'{"name": "a"} x',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "bytes": b"\x00\x01\xff",
    "UTF-16": '{"name": "a"}'.encode("utf-16-le") + b"\x00",
    "null": b"null",
    "a control character": b'{"name": "a\x01"}',
    "a form": b"name=a",
}
DIFFERS = pytest.mark.slipway_only("it answers 500")
NO_OBJECT = {
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"5",
    "true": b"true",
    "lists without an end": b"[" * 100_000,
    "objects without an end": b'{"a":' * 50_000,
    "lists within a field": b'{"name": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("case", [*BROKEN, *(pytest.param(case, marks=DIFFERS) for case in NO_OBJECT)])
def test_a_body_that_is_no_object_is_refused(server, rest, case):
    assert_refused(create(rest, (BROKEN | NO_OBJECT)[case]), ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"))


def test_fields_that_nobody_knows_are_passed_over(rest):
    name = unique("unknown")
    body = f'{{"name": "{name}", "unknown": {{"a": [1, 2, {{}}, null]}}, "more": null, "Name": 7, "": ""}}'.encode()
    assert create(rest, body).status_code == 200
    assert rest.get("experiments/get-by-name", experiment_name=name, unknown="1", more=["2", "3"])


def test_a_field_that_is_null_is_left_out(rest):
    name = unique("null")
    assert create(rest, f'{{"name": "{name}", "tags": null, "artifact_location": null}}'.encode()).status_code == 200
    assert_refused(create(rest, b'{"name": null}'), "INVALID_PARAMETER_VALUE")


def test_escapes_in_json_are_read(rest):
    # One character of two halves, and a letter of a longer escape.
    name = unique("escaped")
    body = f'{{"na\\u006de": "{name} \\ud83c\\udf89 \\u00e9 \\/ \\" \\\\ \\n"}}'.encode()
    identifier = create(rest, body).json()["experiment_id"]
    expected = f'{name} 🎉 é / " \\ \n'
    assert rest.get("experiments/get", experiment_id=identifier)["experiment"]["name"] == expected


def test_a_body_of_a_megabyte_is_taken(rest, run):
    """The client's own limit for a batch."""
    params = [{"key": f"p{number}", "value": "é" * 4_900} for number in range(100)]
    rest.post("runs/log-batch", run_id=run, params=params)
    assert len(rest.params(run)) == 100


# Queries


def test_booleans_in_a_query_may_be_written_as_python_writes_them(rest, experiment):
    model = rest.new_model(experiment)["model_id"]
    rest.delete(f"logged-models/{model}", model_id=model)
    for true in ["True", "true", "TRUE"]:
        assert rest.get(f"logged-models/{model}", allow_deleted=true)["model"]
    for false in ["False", "false"]:
        rest.refuses("RESOURCE_DOES_NOT_EXIST", "GET", f"logged-models/{model}", {"allow_deleted": false})


def test_repeated_keys_are_a_list(rest):
    prefix = unique("repeated")
    for name in ["b", "a", "c"]:
        rest.new_registered_model(f"{prefix}-{name}", description="same")
    query = f"filter=name%20LIKE%20'{prefix}-%25'&order_by=name%20DESC&order_by=timestamp&max_results=2"
    found = rest.get(f"registered-models/search?{query}")
    assert [model["name"] for model in found["registered_models"]] == [f"{prefix}-c", f"{prefix}-b"]


def test_of_a_single_field_the_first_counts(rest, experiment):
    assert (
        rest.get(f"experiments/get?experiment_id={experiment}&experiment_id=0")["experiment"]["experiment_id"]
        == experiment
    )


@pytest.mark.parametrize(
    "spelling", ["%5B", "+", "%20", "é", "%C3%A9", "%E7%AC%AC", "%25", "%26", "%3D", "%2B", "%23", "%3B", ";"]
)
def test_queries_are_decoded(rest, spelling):
    name = f"{unique('query')} {unquote_plus(spelling)}"
    rest.new_registered_model(name)
    asked = name.split(" ", 1)[0] + "%20" + spelling
    answer = rest.ask("GET", f"{API}registered-models/get?name={asked}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["registered_model"]["name"] == name


def test_a_query_is_read_and_a_body_is_not(rest, experiment):
    answer = rest.ask("GET", f"{API}experiments/get?experiment_id={experiment}", data=b"{", headers=JSON)
    assert answer.status_code == 200


# Paths


def test_the_server_says_that_it_is_there(rest):
    # MLflow's scoring server has the same path, and ends a line there.
    answer = rest.ask("GET", "/health")
    assert (answer.status_code, answer.text.strip()) in [(200, "OK"), (200, "")]


def test_the_server_says_its_version(rest):
    answer = rest.ask("GET", "/version")
    assert answer.status_code == 200
    # A version and nothing else: clients take it apart. The reference says MLflow's own.
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.?[a-z]+\d+)?", answer.text), answer.text


def test_the_server_says_what_it_offers(rest):
    for path in ["/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info"]:
        told = rest.get(path)
        assert told["store_type"]
        assert told["workspaces_enabled"] is False


@pytest.mark.parametrize("path", ["experiments/get?experiment_id=0", "experiments/search?max_results=1"])
def test_the_interfaces_prefix_answers_the_same(rest, path):
    assert rest.get(f"/ajax-api/2.0/mlflow/{path}") == rest.get(f"/api/2.0/mlflow/{path}")


def test_the_interfaces_prefix_writes_as_well(rest):
    name = unique("interface")
    made = rest.post("/ajax-api/2.0/mlflow/experiments/create", name=name)
    assert (
        rest.get("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]
        == made["experiment_id"]
    )


UNKNOWN = [
    "/api/2.0/mlflow/nothing",
    "/api/2.0/mlflow/experiments/nothing",
    "/api/2.0/nothing",
    "/ajax-api/2.0/mlflow/nothing",
    "/api/9.9/mlflow/experiments/get",
    "/api/3.0/mlflow/experiments/get",
    "/api/2.0/mlflow-artifacts/nothing",
]


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_not_there(rest, method, path):
    assert rest.ask(method, path, {}).status_code == 404


@pytest.mark.slipway_only("its 404 is a page")
@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_path_is_not_there_in_json(rest, path):
    for method in ["GET", "POST"]:
        rest.refuses("ENDPOINT_NOT_FOUND", method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "experiments/create"),
        ("PUT", "experiments/create"),
        ("POST", "experiments/get"),
        ("DELETE", "experiments/get"),
        ("POST", "registered-models/update"),
        ("GET", "runs/search"),
        ("PATCH", "runs/update"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_refused(rest, method, path):
    assert rest.ask(method, path, {}).status_code in (404, 405)


def test_answers_are_json_and_say_how_long_they_are(rest):
    answer = rest.ask("GET", "experiments/get", {"experiment_id": "0"})
    assert answer.headers["content-type"].startswith("application/json")
    assert int(answer.headers["content-length"]) > 0
    refused = rest.ask("GET", "experiments/get", {"experiment_id": "987654321"})
    assert refused.headers["content-type"].startswith("application/json")


# Browsers


def test_a_name_that_was_pointed_here_is_refused(rest):
    """A page elsewhere may have its own name resolve to this machine. Without credentials, only this machine is in."""
    for path in ["experiments/get?experiment_id=0", "/api/2.0/mlflow-artifacts/artifacts"]:
        answer = rest.ask("GET", path, headers={"Host": "attacker.example"})
        assert answer.status_code in (401, 403), answer.text
    for host in ["localhost", f"localhost:{rest.url.rpartition(':')[2]}", rest.url.partition("://")[2]]:
        assert rest.ask("GET", "experiments/get?experiment_id=0", headers={"Host": host}).status_code == 200


def test_a_page_elsewhere_does_not_write(rest):
    name = unique("cross-site")
    answer = rest.ask("POST", "experiments/create", {"name": name}, headers={"Origin": "https://attacker.example"})
    assert answer.status_code in (401, 403), answer.text
    rest.refuses("RESOURCE_DOES_NOT_EXIST", "GET", "experiments/get-by-name", {"experiment_name": name})
