# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every call with every role, tokens that are confined to a project or to endpoints, and their end."""

import base64
import json
import re
import sqlite3
import time

import pytest
from program import MODELS, clean_environment, fetch, running, slipway

ROLES = {
    "viewer": {"view"},
    "predictor": {"predict"},
    "developer": {"view", "predict", "develop"},
    "approver": {"view", "predict", "decide"},
    "admin": {"view", "predict", "develop", "decide", "administer"},
}
ANY = {"view", "predict"}
# What a token has to have for each call: one of these.
CALLS = {
    ("get", "/v1/status"): {"view"},
    ("get", "/v1/registry/models"): {"view"},
    ("get", "/v1/registry/models/{model}"): {"view"},
    ("post", "/v1/registry/models/{model}/versions"): {"develop"},
    ("get", "/v1/registry/models/{model}/versions/{version}"): {"view"},
    ("get", "/v1/registry/models/{model}/versions/{version}/provenance"): {"view"},
    ("get", "/v1/registry/models/{model}/versions/{version}/graph"): {"view"},
    ("put", "/v1/registry/models/{model}/aliases/{alias}"): {"decide"},
    ("delete", "/v1/registry/models/{model}/aliases/{alias}"): {"decide"},
    ("get", "/v1/registry/models/{model}/versions/{version}/files"): {"view"},
    ("get", "/v1/experiments"): {"view"},
    ("get", "/v1/runs"): {"view"},
    ("get", "/v1/runs/{run}"): {"view"},
    ("post", "/v1/import/experiments"): {"administer"},
    ("post", "/v1/import/experiments/{experiment}/deletion"): {"administer"},
    ("post", "/v1/import/runs"): {"administer"},
    ("post", "/v1/import/runs/{run}/points"): {"administer"},
    ("post", "/v1/import/logged-models"): {"administer"},
    ("post", "/v1/import/artifacts"): {"administer"},
    ("post", "/v1/import/models"): {"administer"},
    ("get", "/v1/endpoints"): {"view"},
    ("get", "/v1/endpoints/{endpoint}"): {"view"},
    ("get", "/v1/endpoints/{endpoint}/examples"): {"view"},
    ("patch", "/v1/endpoints/{endpoint}"): {"decide"},
    ("delete", "/v1/endpoints/{endpoint}"): {"decide"},
    ("post", "/v1/endpoints/{endpoint}/deployments"): {"decide"},
    ("post", "/v1/endpoints/{endpoint}/rollback"): {"decide"},
    ("post", "/v2/repository/models/{endpoint}/load"): {"decide"},
    ("post", "/v2/repository/models/{endpoint}/unload"): {"decide"},
    ("head", "/v1/blobs/{digest}"): {"develop"},
    ("put", "/v1/blobs/{digest}"): {"develop"},
    ("get", "/v1/blobs/{digest}"): {"administer"},
    ("post", "/v1/blobs/missing"): {"develop"},
    ("get", "/v1/datasets"): {"view"},
    ("get", "/v1/datasets/{dataset}/versions"): {"view"},
    ("post", "/v1/datasets/{dataset}/versions"): {"develop"},
    ("get", "/v1/datasets/{dataset}/versions/{version}"): {"view"},
    ("get", "/v1/datasets/{dataset}/versions/{version}/record"): {"view"},
    ("get", "/v1/datasets/{dataset}/versions/{version}/data"): {"develop"},
    ("get", "/v1/datasets/{dataset}/versions/{version}/rows"): {"develop"},
    ("get", "/v1/tokens"): {"administer"},
    ("post", "/v1/tokens"): {"administer"},
    ("delete", "/v1/tokens/{token}"): {"administer"},
    ("post", "/v1/tokens/{token}/rotation"): {"administer"},
    ("get", "/v1/projects"): {"view"},
    ("post", "/v1/projects"): {"administer"},
    ("delete", "/v1/projects/{project}"): {"administer"},
    ("get", "/v1/lineage"): {"view"},
    ("get", "/v1/ledger"): {"view"},
    ("get", "/v1/ledger/verification"): {"view"},
    ("get", "/v1/ledger/endpoints/{name}"): {"view"},
    ("get", "/v1/ledger/head"): {"view"},
    ("get", "/v1/ledger/entries/{sequence}/proof"): {"view"},
    ("get", "/v1/ledger/export"): {"view"},
    ("get", "/v1/where"): {"view"},
    ("get", "/v1/logs"): {"administer"},
    ("get", "/v1/predictions"): {"develop", "decide"},
    ("get", "/v1/predictions/{prediction}"): {"develop", "decide"},
    ("get", "/v1/predictions/{prediction}/receipt"): {"develop", "decide"},
    ("post", "/v1/predictions/{prediction}/replay"): {"develop", "decide"},
    ("post", "/v1/replays"): {"develop", "decide"},
    ("post", "/v1/feedback"): {"predict"},
    ("get", "/v1/endpoints/{endpoint}/quality"): {"view"},
    ("get", "/v1/endpoints/{endpoint}/sample"): {"develop", "decide"},
    ("get", "/v1/registry/models/{model}/versions/{version}/export"): {"administer"},
    ("get", "/v1/registry/models/{model}/versions/{version}/export/{digest}"): {"administer"},
    ("post", "/v1/registry/models/{model}/imports"): {"administer"},
    ("get", "/v1/replicas"): {"administer"},
    ("get", "/v1/endpoints/{endpoint}/drift"): {"view"},
    ("get", "/v1/alerts"): {"view"},
    ("get", "/v1/alerts/{alert}"): {"view"},
    ("get", "/v1/alerts/silences"): {"view"},
    ("post", "/v1/alerts/silences"): {"administer"},
    ("delete", "/v1/alerts/silences/{silence}"): {"administer"},
    ("get", "/v1/alerts/destinations"): {"administer"},
    ("post", "/v1/alerts/destinations"): {"administer"},
    ("delete", "/v1/alerts/destinations/{destination}"): {"administer"},
    ("post", "/v1/alerts/tests"): {"administer"},
    ("post", "/v1/erasures"): {"administer"},
    ("get", "/v1/retention"): {"administer"},
    ("post", "/v1/retention/sweeps"): {"administer"},
    ("get", "/v1/retention/trash"): {"administer"},
    ("delete", "/v1/retention/trash"): {"administer"},
    ("post", "/v1/retention/trash/{digest}/return"): {"administer"},
    ("post", "/v1/backups"): {"administer"},
    ("get", "/v1/backups/{backup}/registry"): {"administer"},
    ("get", "/v1/backups/{backup}/contents"): {"administer"},
    ("delete", "/v1/backups/{backup}"): {"administer"},
    ("get", "/metrics"): {"view"},
    ("post", "/v1/endpoints/{name}/predict"): {"predict"},
    ("post", "/v1/endpoints/{name}/explain"): {"predict"},
    ("post", "/v2/models/{name}/infer"): {"predict"},
    ("post", "/v2/models/{name}/versions/{version}/infer"): {"predict"},
    ("post", "/v1/models/{name}:predict"): {"predict"},
    ("post", "/v1/models/{name}/versions/{version}:predict"): {"predict"},
    ("post", "/invocations"): {"predict"},
    ("get", "/v1/endpoints/{name}/openapi.json"): ANY,
    ("get", "/openapi.json"): ANY,
    ("get", "/v2"): ANY,
    ("get", "/v2/health/live"): ANY,
    ("get", "/v2/health/ready"): ANY,
    ("get", "/v2/models"): ANY,
    ("get", "/v2/models/{name}"): ANY,
    ("get", "/v2/models/{name}/versions/{version}"): ANY,
    ("get", "/v2/models/{name}/ready"): ANY,
    ("get", "/v2/models/{name}/versions/{version}/ready"): ANY,
    ("get", "/v2/models/{name}/config"): ANY,
    ("get", "/v2/models/{name}/versions/{version}/config"): ANY,
    ("get", "/v2/models/stats"): ANY,
    ("get", "/v2/models/{name}/stats"): ANY,
    ("get", "/v2/models/{name}/versions/{version}/stats"): ANY,
    ("post", "/v2/repository/index"): ANY,
    ("get", "/"): ANY,
    ("get", "/v1/models"): ANY,
    ("get", "/v1/models/{name}"): ANY,
    ("get", "/v1/models/{name}/versions/{version}"): ANY,
    ("get", "/v1/models/{name}/metadata"): ANY,
    ("get", "/v1/models/{name}/versions/{version}/metadata"): ANY,
    ("get", "/ping"): ANY,
    ("get", "/health"): ANY,
    ("get", "/version"): ANY,
}
# Names of nothing, so that a call that is let through changes nothing either.
NOBODY = {"token": "000000000000", "digest": "sha256:" + "0" * 64, "version": "1"}
# Asked from elsewhere, as far as the server can tell: then predictions and metadata need a token as well.
ELSEWHERE = {"Via": "1.1 proxy"}
ROW = {"values": [1, 2, 3]}


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """Two projects with a model and an endpoint each, both of the project's name."""
    with running(tmp_path_factory.mktemp("access")) as server:
        for project in ["growth", "risk"]:
            server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", project, "--project", project)
        yield server


def bearer(token, elsewhere=True):
    return {"Authorization": f"Bearer {token}"} | (ELSEWHERE if elsewhere else {})


def make(server, *options, name="ada"):
    """A token, and its id."""
    made = json.loads(server.slipway("token", "create", name, *options, "--format", "json").stdout)
    return made["token"], made["record"]["id"]


def ask(server, token, method, path, body=None):
    if body is None and method in ("post", "put", "patch"):
        body = {}
    return fetch(server.url + path, body, method.upper(), **bearer(token))


def code_of(text):
    return json.loads(text.partition("\n")[0]).get("code") if text.startswith("{") else None


def is_refused(server, token, method, path, body=None):
    """Whether it is the token that something is refused for."""
    status, text = ask(server, token, method, path, body)
    assert status != 500, text
    if method != "head":
        assert (status == 401) == (code_of(text) in ("ACC-001", "ACC-002", "ACC-003")), text
    return status == 401


# Roles


def test_no_call_is_missing_in_the_table(platform):
    described = json.loads(fetch(platform.url + "/openapi.json")[1])["paths"]
    listed = {
        (method, path): set(call["x-permissions"])
        for path, calls in described.items()
        for method, call in calls.items()
    }
    assert listed == CALLS


@pytest.mark.parametrize("role", ROLES)
def test_every_call_asks_for_its_permission(platform, role):
    token, _ = make(platform, "--role", role)
    for (method, path), needs in CALLS.items():
        place = re.sub(r"{(\w+)}", lambda name: NOBODY.get(name[1], "nobody"), path)
        assert is_refused(platform, token, method, place) == needs.isdisjoint(ROLES[role]), f"{role}: {method} {path}"


def test_a_developer_and_approver_deploys_and_each_alone_does_not(platform):
    model = MODELS / "scale.onnx"
    refused = {}
    for role in ["viewer", "predictor", "developer", "approver"]:
        token, _ = make(platform, "--role", role)
        refused[role] = platform.slipway("deploy", model, "--name", "scale", code=5, SLIPWAY_TOKEN=token).stderr
        assert "developer and approver, or admin" in refused[role]
    assert "Version 1 is registered." in refused["developer"]
    token, _ = make(platform, "--role", "developer,approver")
    platform.slipway("deploy", model, "--name", "scale", SLIPWAY_TOKEN=token)
    assert '"createdBy":"ada"' in platform.slipway("endpoint", "show", "scale", "--format", "json").stdout


def test_basic_is_taken_as_mlflows_client_sends_it(platform):
    token, _ = make(platform, "--role", "viewer")

    def status(credentials):
        header = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
        return fetch(platform.url + "/v1/status", **header)[0]

    assert [status(f"{user}:{token}") for user in ["ada", "", "somebody else"]] == [200, 200, 200]
    assert [status(f"ada:{token}x"), status(token), status(f"{token}:ada")] == [401, 401, 401]


# Scope


def test_lists_show_the_project_of_the_token(platform):
    token, _ = make(platform, "--role", "viewer", "--project", "growth")
    for path in ["/v1/endpoints", "/v1/registry/models", "/v1/projects", "/v1/status", "/metrics", "/v2/models",
                 "/v1/models", "/v2/models/stats"]:
        status, text = ask(platform, token, "get", path)
        assert status == 200 and "growth" in text and "risk" not in text, f"{path}: {text}"
    status, text = ask(platform, token, "post", "/v2/repository/index")
    assert [model["name"] for model in json.loads(text)] == ["growth"]


def test_a_token_for_a_project_touches_no_other(platform):
    token, _ = make(platform, "--role", "developer,approver", "--project", "growth")
    digest = "sha256:" + "0" * 64
    content = {"manifest": digest, "provenance": digest}
    alias = "/v1/registry/models/{0}/aliases/champion?project={0}"
    calls = [
        ("get", "/v1/endpoints/{0}", None), ("get", "/v1/endpoints/{0}/examples", None),
        ("get", "/v1/registry/models/{0}?project={0}", None),
        ("get", "/v1/registry/models/{0}/versions/1?project={0}", None),
        ("get", "/v1/registry/models/{0}/versions/1/provenance?project={0}", None),
        ("patch", "/v1/endpoints/{0}", {"settings": {}}), ("put", alias, {"version": 1}), ("delete", alias, None),
        ("post", "/v1/registry/models/{0}/versions", content | {"project": "{0}"}),
        ("get", "/v1/datasets?project={0}", None), ("get", "/v1/datasets/{0}/versions?project={0}", None),
        ("get", "/v1/datasets/{0}/versions/1/data?project={0}", None),
        ("post", "/v1/datasets/{0}/versions", {"project": "{0}", "record": digest}),
        ("post", "/v1/endpoints/{0}/deployments", {"project": "{0}", "model": "{0}", "version": "1"}),
        ("post", "/v2/repository/models/{0}/unload", {}), ("post", "/v2/repository/models/{0}/load", {}),
        ("post", "/v1/endpoints/{0}/predict", ROW), ("post", "/v1/models/{0}:predict", {"instances": [ROW]}),
        ("get", "/v2/models/{0}", None), ("get", "/v2/models/{0}/ready", None), ("get", "/v2/models/{0}/stats", None),
        ("get", "/v1/models/{0}/metadata", None), ("get", "/v1/endpoints/{0}/openapi.json", None),
        ("post", "/invocations?endpoint={0}", {"instances": [[1, 2, 3]]}),
    ]
    for method, path, body in calls:
        outcome = {}
        for project in ["growth", "risk", "nobody"]:
            text = json.dumps(body).replace("{0}", project).encode() if body is not None else None
            outcome[project] = ask(platform, token, method, path.replace("{0}", project), text)
        assert outcome["growth"][0] != 401, f"{method} {path}: {outcome['growth']}"
        status, text = outcome["risk"]
        assert status == 401 and code_of(text) == "ACC-002", f"{method} {path}: {text}"
        # Whether there is such a thing elsewhere is not told.
        assert outcome["nobody"][1].replace("nobody", "risk") == outcome["risk"][1], f"{method} {path}"
    # Nothing was changed on the way.
    risk = json.loads(platform.slipway("endpoint", "show", "risk", "--format", "json").stdout)
    assert risk["endpoint"]["ready"] and risk["endpoint"]["generation"] == 1


def test_what_one_names_is_not_borrowed_for_another(platform):
    """The project is read where the call takes it from, and nowhere else."""
    token, _ = make(platform, "--role", "developer,approver", "--project", "growth")
    digest = "sha256:" + "0" * 64
    versions = "/v1/registry/models/risk/versions"
    deployments = "/v1/endpoints/{}/deployments"
    for method, path, body in [
        ("post", versions + "?project=growth", {"project": "risk", "manifest": digest, "provenance": digest}),
        ("post", versions + "?project=growth", {"manifest": digest, "provenance": digest}),
        ("post", versions, b'{"project":"risk","project":"risk","manifest":"x","provenance":"x"}'),
        ("get", "/v1/registry/models/risk", None),
        ("post", "/v1/datasets/new/versions?project=growth", {"project": "risk", "record": digest}),
        ("post", "/v1/datasets/new/versions?project=growth", {"record": digest}), ("get", "/v1/datasets", None),
        # Its own model at the endpoint of another project, another's model at its own, and both at a new one.
        ("post", deployments.format("risk"), {"project": "growth", "model": "growth", "version": "1"}),
        ("post", deployments.format("growth"), {"project": "risk", "model": "risk", "version": "1"}),
        ("post", deployments.format("new"), {"project": "risk", "model": "risk", "version": "1"}),
        ("post", deployments.format("new"), {"model": "risk", "version": "1"}),
        ("post", "/v1/endpoints/risk/rollback", {}),
    ]:
        assert is_refused(platform, token, method, path, body), f"{method} {path} {body}"
    endpoints = json.loads(platform.slipway("endpoint", "list", "--format", "json").stdout)
    assert "new" not in {endpoint["name"] for endpoint in endpoints}


def test_what_spans_all_projects_needs_a_token_for_all(platform):
    token, _ = make(platform, "--role", "admin", "--project", "growth")
    for method, path, body in [
        ("get", "/v1/ledger", None), ("get", "/v1/ledger/verification", None), ("get", "/v1/logs", None),
        ("get", "/v1/ledger/head", None), ("get", "/v1/ledger/entries/0/proof", None), ("get", "/v1/ledger/export", None),
        ("get", "/v1/blobs/sha256:" + "0" * 64, None), ("post", "/v1/projects", {"name": "mine"}),
        ("post", "/v1/backups", {}), ("post", "/v1/retention/sweeps", {}), ("get", "/v1/retention", None),
        ("get", "/v1/alerts/silences", None), ("get", "/v1/alerts/destinations", None),
        ("post", "/v1/alerts/silences", {"pattern": "*", "lasting": "1h", "reason": "x"}),
        ("post", "/v1/alerts/tests", {}), ("get", "/v1/replicas", None), ("delete", "/v1/projects/growth", None),
    ]:
        status, text = ask(platform, token, method, path, body)
        assert status == 401 and "spans all projects" in text, f"{method} {path}: {text}"


def test_a_token_for_an_endpoint_is_for_nothing_else(platform):
    token, _ = make(platform, "--role", "viewer,predictor,approver", "--endpoint", "growth")
    assert ask(platform, token, "post", "/v1/endpoints/growth/predict", ROW)[0] == 200
    assert ask(platform, token, "get", "/v1/endpoints/growth")[0] == 200
    assert ask(platform, token, "patch", "/v1/endpoints/growth", {"settings": {}})[0] == 200
    assert is_refused(platform, token, "post", "/v1/endpoints/risk/predict", ROW)
    # Several are there, and none is named.
    assert is_refused(platform, token, "post", "/invocations", {"instances": [[1, 2, 3]]})
    assert is_refused(platform, token, "get", "/v1/registry/models/growth?project=growth")
    assert json.loads(ask(platform, token, "get", "/v1/registry/models")[1]) == []
    # The endpoint's name and another project do not go together either.
    strict, _ = make(platform, "--role", "predictor", "--project", "risk", "--endpoint", "growth")
    assert is_refused(platform, strict, "post", "/v1/endpoints/growth/predict", ROW)


def test_developers_make_their_own_project_and_no_other(platform):
    model = MODELS / "scale.onnx"

    def register(project, token, code):
        return platform.slipway("deploy", model, "--name", "made", "--project", project, code=code, SLIPWAY_TOKEN=token)

    everywhere, _ = make(platform, "--role", "developer,approver")
    assert "REG-014" in register("typo", everywhere, 3).stderr
    own, _ = make(platform, "--role", "developer,approver", "--project", "mine")
    register("mine", own, 0)
    projects = json.loads(platform.slipway("project", "list", "--format", "json").stdout)
    by_name = {project["name"]: project for project in projects}
    assert by_name["mine"]["models"] == by_name["mine"]["endpoints"] == by_name["mine"]["tokens"] == 1
    assert "typo" not in by_name and "default" in by_name
    assert "REG-015" in platform.slipway("project", "remove", "mine", code=4).stderr
    assert "REG-015" in platform.slipway("project", "remove", "default", code=4).stderr
    platform.slipway("project", "create", "empty")
    platform.slipway("project", "create", "empty")
    platform.slipway("project", "remove", "empty")
    assert "REG-014" in platform.slipway("project", "remove", "empty", code=3).stderr


def test_an_admin_of_a_project_gives_tokens_for_it_alone(platform):
    admin, _ = make(platform, "--role", "admin", "--project", "growth")
    _, elsewhere = make(platform, "--role", "viewer", "--project", "risk")
    body = {"principal": "eve", "roles": ["developer"]}
    for scope in [{}, {"project": "risk"}, {"endpoints": ["growth"]}]:
        status, text = ask(platform, admin, "post", "/v1/tokens", body | scope | {"roles": ["viewer"]})
        assert status == 401 and "ACC-002" in text
    status, text = ask(platform, admin, "post", "/v1/tokens", body | {"project": "growth"})
    assert status == 201
    made = json.loads(text)
    assert {token["project"] for token in json.loads(ask(platform, admin, "get", "/v1/tokens")[1])} == {"growth"}
    for method, path in [("delete", f"/v1/tokens/{elsewhere}"), ("post", f"/v1/tokens/{elsewhere}/rotation")]:
        status, text = ask(platform, admin, method, path)
        assert (status, code_of(text)) == (404, "ACC-004")
    assert ask(platform, admin, "delete", f"/v1/tokens/{made['record']['id']}")[0] == 204
    assert is_refused(platform, made["token"], "get", "/v1/status")


# The life of a token


def test_a_revoked_token_is_refused_at_once(platform):
    token, id = make(platform, "--role", "viewer")
    assert not is_refused(platform, token, "get", "/v1/status")
    platform.slipway("token", "revoke", id)
    assert is_refused(platform, token, "get", "/v1/status")
    assert "ACC-004" in platform.slipway("token", "revoke", id, code=3).stderr


def test_what_another_process_revokes_is_refused_within_seconds(platform):
    token, id = make(platform, "--role", "viewer")
    assert not is_refused(platform, token, "get", "/v1/status")
    with sqlite3.connect(platform.data / "registry.sqlite", timeout=10) as database:
        database.execute("DELETE FROM token WHERE id = ?", [id])
    database.close()
    deadline = time.monotonic() + 60
    while not is_refused(platform, token, "get", "/v1/status"):
        assert time.monotonic() < deadline, "it still opens after a minute"
        time.sleep(0.1)


def test_a_token_that_expires_says_so(platform):
    token, _ = make(platform, "--role", "viewer", "--expires", "2s")
    assert not is_refused(platform, token, "get", "/v1/status")
    deadline = time.monotonic() + 120
    while not is_refused(platform, token, "get", "/v1/status"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    status, text = ask(platform, token, "get", "/v1/status")
    assert "expired at 20" in json.loads(text)["title"] and "rotate" in json.loads(text)["hint"]
    assert "expired" in platform.slipway("token", "list").stdout


def test_rotation_replaces_a_token_at_once_or_after_a_grace(platform):
    old, id = make(platform, "--role", "predictor", "--project", "growth", "--note", "night batch")
    shown = platform.slipway("token", "rotate", id, "--grace", "2s")
    new = shown.stdout.strip()
    assert new.startswith("slp_") and "\n" not in new and new not in shown.stderr
    assert ask(platform, old, "post", "/v1/endpoints/growth/predict", ROW)[0] == 200
    deadline = time.monotonic() + 120
    while not is_refused(platform, old, "post", "/v1/endpoints/growth/predict", ROW):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert ask(platform, new, "post", "/v1/endpoints/growth/predict", ROW)[0] == 200
    assert is_refused(platform, new, "post", "/v1/endpoints/risk/predict", ROW)
    tokens = json.loads(platform.slipway("token", "list", "--format", "json").stdout)
    (record,) = [token for token in tokens if token.get("note") == "night batch" and not token["expired"]]
    again = platform.slipway("token", "rotate", record["id"]).stdout.strip()
    assert is_refused(platform, new, "post", "/v1/endpoints/growth/predict", ROW)
    assert ask(platform, again, "post", "/v1/endpoints/growth/predict", ROW)[0] == 200


def test_the_administrators_token_is_the_data_folders_own(platform):
    tokens = json.loads(platform.slipway("token", "list", "--format", "json").stdout)
    (own,) = [token for token in tokens if token["principal"] == "administrator"]
    assert own["roles"] == ["admin"]
    for command in [["revoke", own["id"]], ["rotate", own["id"]], ["create", "administrator", "--role", "viewer"]]:
        assert "ACC-005" in platform.slipway("token", *command, code=4).stderr
    platform.slipway("status")


def test_what_cannot_be_a_token_is_refused_with_the_reason(platform):
    def refusal(**body):
        body = {"principal": "ada", "roles": ["viewer"]} | body
        return code_of(ask(platform, platform.token, "post", "/v1/tokens", body)[1])

    assert refusal(roles=[]) == refusal(roles=["king"]) == "IN-006"
    assert refusal(expiresIn="soon") == refusal(expiresIn="0d") == "IN-006"
    assert refusal(principal="a/b") == refusal(project="../x") == refusal(endpoints=["a b"]) == "REG-005"
    assert refusal(roles=["developer"], endpoints=["a"]) == "IN-010"
    assert refusal(note="a\u0000b") == "IN-008"
    assert refusal(roles="viewer") == "IN-001"


def test_tokens_outlive_the_server(tmp_path):
    with running(tmp_path) as server:
        token, _ = make(server, "--role", "viewer", "--project", "growth")
    with running(tmp_path) as server:
        assert not is_refused(server, token, "get", "/v1/status")
        assert is_refused(server, token, "get", "/v1/ledger")


def test_a_command_shows_a_token_once_and_alone(platform):
    shown = platform.slipway("token", "create", "eve", "--role", "viewer")
    assert re.fullmatch(r"slp_[\w-]{43}\n", shown.stdout)
    assert shown.stdout.strip() not in shown.stderr and "eve is viewer" in shown.stderr
    assert shown.stdout.strip() not in platform.slipway("token", "list", "--format", "json").stdout


# Secrets


def test_secrets_are_in_no_log_no_ledger_no_file_and_no_error(tmp_path):
    with running(tmp_path) as server:
        token, id = make(server, "--role", "admin", "--note", "watched")
        rotated = server.slipway("token", "rotate", id, "--grace", "1h").stdout.strip()
        secrets = [token, rotated, server.token]
        said = [
            # Somebody mistakes the token for its id, or puts it where it does not belong.
            ask(server, token, "delete", f"/v1/tokens/{rotated}")[1],
            ask(server, token, "post", f"/v1/tokens/{rotated}/rotation")[1],
            ask(server, rotated, "get", "/v1/status")[1],
            ask(server, rotated, "post", "/v1/tokens", {"principal": "b", "roles": [rotated[:50]], "note": 1})[1],
            fetch(server.url + "/v1/ledger?limit=1000", **bearer(token))[1],
            fetch(server.url + "/v1/tokens", **bearer(token))[1],
            fetch(server.url + "/metrics", **bearer(token))[1],
            fetch(server.url + "/v1/logs?lines=10000", **bearer(token))[1],
        ]
        assert "token.rotate" in said[4] and f"token/{id}" in said[4]
        folder = server.data
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != "token"]
        assert any(path.name == "registry.sqlite" for path in files)
        contents = {str(path): path.read_bytes() for path in [*files, server.log, tmp_path / "stdout"]}
        ledger = sqlite3.connect(folder / "registry.sqlite").execute("SELECT leaf FROM ledger").fetchall()
    for secret in secrets:
        assert not any(secret in text for text in said)
        for path, content in contents.items():
            assert secret.encode() not in content, path
    import hashlib

    for secret in secrets:
        digest = hashlib.sha256(secret.encode()).hexdigest()
        assert not any(digest in leaf.decode() for (leaf,) in ledger), "not the whole hash either"


def test_the_ledger_says_who_gave_what_to_whom(tmp_path):
    with running(tmp_path) as server:
        admin, id = make(server, "--role", "admin", name="max")
        as_max = {"SLIPWAY_TOKEN": admin}
        made = json.loads(server.slipway(
            "token", "create", "ada", "--role", "approver,viewer", "--project", "growth", "--endpoint", "b",
            "--endpoint", "a", "--format", "json", **as_max).stdout)["record"]
        server.slipway("project", "create", "growth", **as_max)
        server.slipway("token", "revoke", made["id"], **as_max)
        server.slipway("project", "remove", "growth", **as_max)
        entries = json.loads(server.slipway("ledger", "list", "--format", "json").stdout)["entries"]
        assert [(entry["actor"], entry["action"]) for entry in entries] == [
            ("administrator", "token.create"), ("administrator", "token.create"), ("max", "token.create"),
            ("max", "project.create"), ("max", "token.revoke"), ("max", "project.remove"),
        ]
        rights = "principal=ada roles=viewer,approver project=growth endpoints=a,b"
        assert entries[2]["object"] == entries[4]["object"] == f"token/{made['id']}"
        assert entries[2]["after"] == entries[4]["before"] == rights
        assert entries[3]["object"] == entries[5]["object"] == "project/growth"
        assert "6 entries" in server.slipway("ledger", "verify").stdout


def test_a_command_elsewhere_works_with_its_token_alone(platform, tmp_path):
    token, _ = make(platform, "--role", "viewer", "--project", "growth")
    elsewhere = clean_environment(tmp_path) | {"SLIPWAY_URL": platform.url, "SLIPWAY_TOKEN": token}
    assert "growth" in slipway("status", environment=elsewhere).stdout
    assert "ACC-002" in slipway("ledger", "list", environment=elsewhere, code=5).stderr
    assert "ACC-002" in slipway("token", "list", environment=elsewhere, code=5).stderr
