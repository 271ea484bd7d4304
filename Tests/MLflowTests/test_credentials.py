# SPDX-License-Identifier: Apache-2.0
"""Credentials, as MLflow's client sends them: a name and a password, or a token. The reference knows none."""

import base64

import pytest
from mlflow_rest import ARTIFACTS, Rest, assert_refused

pytestmark = pytest.mark.no_reference("it knows no credentials")


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def credentials(monkeypatch):
    """Sets what the client is to send, and nothing else."""

    def set_to(**variables):
        for name in ["MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"]:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_to


def test_the_token_is_a_password(server, client, credentials):
    """Whatever the name: Slipway's tokens have no names."""
    for name in ["slipway", "ada@example.test", "x"]:
        credentials(MLFLOW_TRACKING_USERNAME=name, MLFLOW_TRACKING_PASSWORD=server.token)
        assert client.get_experiment("0").name == "Default"


def test_the_token_is_a_token(server, client, credentials):
    credentials(MLFLOW_TRACKING_TOKEN=server.token)
    assert client.get_experiment("0").name == "Default"
    run = client.create_run("0")
    client.log_text(run.info.run_id, "with a token", "a.txt")
    assert client.list_artifacts(run.info.run_id)[0].path == "a.txt"


@pytest.mark.parametrize(
    "variables",
    [
        {"MLFLOW_TRACKING_TOKEN": "wrong"},
        {"MLFLOW_TRACKING_USERNAME": "slipway", "MLFLOW_TRACKING_PASSWORD": "wrong"},
    ],
    ids=["token", "password"],
)
def test_a_wrong_one_is_refused_and_not_tried_again(server, client, mlflow, credentials, variables, monkeypatch):
    credentials(**variables)
    # Were it a status that is retried, this would take minutes.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7")
    for ask in [
        lambda: client.get_experiment("0"),
        lambda: client.create_experiment("never"),
        lambda: client.search_registered_models(),
    ]:
        with pytest.raises(mlflow.MlflowException) as caught:
            ask()
        assert (caught.value.error_code, caught.value.get_http_status_code()) == ("UNAUTHENTICATED", 401)


WRONG = {
    "a wrong token": "Bearer wrong",
    "no token": "Bearer ",
    "a wrong password": basic("slipway", "wrong"),
    "no password": basic("slipway", ""),
    "no colon": "Basic " + base64.b64encode(b"slipway").decode(),
    "no base64": "Basic !!!",
    "no credentials": "Basic",
    "another scheme": "Digest username=slipway",
    "a token alone": "wrong",
    "not ASCII": "Bearer wr\xf6ng",
    "long": "Bearer " + "x" * 4000,
}
ROUTES = [
    ("GET", "experiments/get?experiment_id=0"),
    ("POST", "experiments/create"),
    ("POST", "runs/search"),
    ("PATCH", "registered-models/update"),
    ("DELETE", "model-versions/delete"),
    ("GET", ARTIFACTS),
    ("GET", f"{ARTIFACTS}/0/x"),
    ("PUT", f"{ARTIFACTS}/0/x"),
    ("DELETE", f"{ARTIFACTS}/0/x"),
    ("GET", "/get-artifact?run_id=x&path=y"),
    ("GET", "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0"),
    ("GET", "/api/3.0/mlflow/server-info"),
]


@pytest.mark.parametrize("case", WRONG)
def test_wrong_credentials_are_refused_everywhere(server, case):
    """On loopback nobody needs any, but who shows some shows good ones."""
    rest = Rest(server.url, Authorization=WRONG[case].encode("latin-1"))
    for method, path in ROUTES:
        answer = rest.ask(method, path, None if method == "GET" else {})
        assert_refused(answer, "UNAUTHENTICATED")
        assert server.token not in answer.text


def test_good_credentials_open_every_route(server):
    for authorization in [f"Bearer {server.token}", basic("slipway", server.token)]:
        rest = Rest(server.url, Authorization=authorization)
        for method, path in ROUTES:
            answer = rest.ask(method, path, None if method == "GET" else {})
            assert answer.status_code not in (401, 403), f"{method} {path}: {answer.text}"
            assert answer.status_code < 500, f"{method} {path}: {answer.text}"


def test_from_elsewhere_credentials_are_needed(server):
    """Somebody passed the request on, or it names another machine: that is not this machine asking."""
    for headers in [{"Host": "registry.example"}, {"X-Forwarded-For": "203.0.113.7"}]:
        assert_refused(Rest(server.url, **headers).ask("GET", "experiments/get?experiment_id=0"), "UNAUTHENTICATED")
        rest = Rest(server.url, Authorization=f"Bearer {server.token}", **headers)
        assert rest.get("experiments/get", experiment_id="0")


def test_who_only_asks_whether_it_is_there_needs_none(server):
    assert Rest(server.url).ask("GET", "/health").status_code == 200
