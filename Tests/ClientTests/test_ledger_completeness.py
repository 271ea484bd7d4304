# SPDX-License-Identifier: Apache-2.0
"""Every call that changes the registry has its entry: who, what, to what, and on what evidence."""

import contextlib
import json
import re
import sqlite3
import time

import pytest
from program import MODELS, ROOT, fetch, running

# They change nothing of what the ledger is about: they ask, upload contents that nothing refers to yet, or record runs.
BESIDE = {
    ("put", "/v1/blobs/{digest}"), ("post", "/v1/blobs/missing"), ("post", "/v1/import/experiments"),
    ("post", "/v1/import/experiments/{experiment}/deletion"), ("post", "/v1/import/runs"),
    ("post", "/v1/import/runs/{run}/points"), ("post", "/v1/import/logged-models"), ("post", "/v1/import/artifacts"),
    ("post", "/v1/backups"), ("delete", "/v1/backups/{backup}"), ("post", "/v1/endpoints/{name}/predict"), ("post", "/v1/endpoints/{name}/explain"),
    ("post", "/v1/predictions/{prediction}/replay"), ("post", "/v1/replays"), ("post", "/v1/feedback"),
    ("post", "/v2/models/{name}/infer"), ("post", "/v2/models/{name}/versions/{version}/infer"),
    ("post", "/v1/models/{name}:predict"), ("post", "/v1/models/{name}/versions/{version}:predict"),
    ("post", "/invocations"), ("post", "/v2/repository/index"),
    ("post", "registered-models/get-latest-versions"),
    # It tells somebody that nothing has happened.
    ("post", "/v1/alerts/tests"),
    # Where something goes, or comes back, there is an entry: Tests/MLflowTests/test_retention.py.
    ("post", "/v1/retention/sweeps"), ("post", "/v1/retention/trash/{digest}/return"), ("delete", "/v1/retention/trash"),
}
TRACKING = ("experiments/", "runs/", "logged-models", "metrics/", "artifacts", "mpu/")
IDENTITY, SCALE = MODELS / "identity-fp32.onnx", MODELS / "scale.onnx"


class Platform:
    """Asks as ada, a principal of the test's own, and knows what the ledger has gained by it."""

    def __init__(self, server):
        self.server, self.done = server, set()
        made = json.loads(server.slipway("token", "create", "ada", "--role", "admin", "--format", "json").stdout)
        self.token = made["token"]

    def entries(self):
        with contextlib.closing(sqlite3.connect(self.server.data / "registry.sqlite")) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM ledger ORDER BY sequence")]

    def call(self, method, route, body=None, *wanted, status=(200, 201, 204), **names):
        """Asks for a route, and wants these entries of (action, object), all by ada and in the same answer."""
        self.done.add((method, route))
        path = route if route.startswith("/") else f"/api/2.0/mlflow/{route}"
        path, query = re.sub(r"{(\w+)}", lambda name: str(names.pop(name[1])), path), names.pop("query", "")
        before = len(self.entries())
        answered, text = fetch(self.server.url + path + query, body if body is not None else {}, method.upper(),
                               Authorization=f"Bearer {self.token}")
        assert answered in status, f"{method} {route}: {answered} {text}"
        gained = self.entries()[before:]
        assert [(entry["action"], entry["object"]) for entry in gained] == list(wanted), f"{method} {route}"
        assert {entry["actor"] for entry in gained} <= {"ada"}, gained
        return json.loads(text) if text else None, gained

    def commanded(self, route, wanted, *arguments):
        """What a command does that sends more than a body, as ada: this entry is among what it leaves."""
        self.done.add(route)
        before = len(self.entries())
        self.server.slipway(*arguments, SLIPWAY_TOKEN=self.token)
        gained = [(entry["actor"], entry["action"], entry["object"]) for entry in self.entries()[before:]]
        assert ("ada", *wanted) in gained, gained


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with running(tmp_path_factory.mktemp("complete")) as server:
        yield Platform(server)


def mutating_routes(server):
    described = json.loads(fetch(server.url + "/openapi.json")[1])["paths"]
    ours = {(method, path) for path, calls in described.items() for method in calls if method not in ("get", "head")}
    # MLflow's are in no description of ours: the program's own text has them.
    text = "".join(path.read_text() for path in (ROOT / "Sources/Interfaces/MLflowInterface").glob("*.swift"))
    mlflow = set(re.findall(r'route\(\s*\.(post|patch|delete|put),\s*"([^"]+)"', text))
    assert len(mlflow) > 20, "the routes of MLflow are written otherwise now"
    return ours | {(method, path) for method, path in mlflow if not path.startswith(TRACKING)}


def test_every_call_that_changes_something_has_its_entry(platform, tmp_path):
    call, server = platform.call, platform.server
    rows, exported = tmp_path / "rows.csv", tmp_path / "m.slipway"
    rows.write_text("a,b\n1,2\n")
    # Contents to register: two models, packed by the program itself and removed again.
    for name, model in [("one", IDENTITY), ("two", SCALE)]:
        server.slipway("deploy", model, "--name", name)
    packed = {name: shown(platform, name) for name in ("one", "two")}
    content = {name: {"manifest": version["bundle"], "provenance": version["provenance"]} for name, version in packed.items()}

    def bundle(name):
        return f"bundle={content[name]['manifest']} provenance={content[name]['provenance']}"

    # Projects and tokens.
    call("post", "/v1/projects", {"name": "growth"}, ("project.create", "project/growth"))
    call("post", "/v1/projects", {"name": "growth"})  # It is there.
    made, entry = token(platform)
    assert "principal=eve" in entry["after"] and made["token"] not in json.dumps(entry, default=str)
    id = made["record"]["id"]
    rotated, (entry,) = call("post", "/v1/tokens/{token}/rotation", {}, ("token.rotate", f"token/{id}"), token=id)
    assert entry["before"] and entry["after"].startswith("token=")
    id = rotated["record"]["id"]
    _, (entry,) = call("delete", "/v1/tokens/{token}", None, ("token.revoke", f"token/{id}"), token=id)
    assert "principal=eve" in entry["before"]
    call("delete", "/v1/projects/{project}", None, ("project.remove", "project/growth"), project="growth")

    # Models, versions, aliases: a project that is not there comes with its first model.
    versions = "/v1/registry/models/{model}/versions"
    _, entries = call("post", versions, content["one"] | {"project": "risk"}, ("project.create", "project/risk"),
                      ("model.register", "model/risk/m/1"), model="m")
    assert entries[1]["after"] == content["one"]["manifest"]
    assert entries[1]["evidence"] == f"provenance={content['one']['provenance']}"
    call("post", versions, content["one"] | {"project": "risk"}, model="m")  # The same again is the same version.
    call("post", versions, content["one"], ("model.register", "model/default/m/1"), model="m")
    call("post", versions, content["two"], ("model.register", "model/default/m/2"), model="m")
    alias = "/v1/registry/models/{model}/aliases/{alias}"
    _, (entry,) = call("put", alias, {"version": 1}, ("alias.set", "alias/default/m/best"), model="m", alias="best")
    assert (entry["before"], entry["after"], entry["evidence"]) == (None, "1", bundle("one"))
    call("put", alias, {"version": 1}, model="m", alias="best")
    _, (entry,) = call("delete", alias, None, ("alias.remove", "alias/default/m/best"), model="m", alias="best")
    assert entry["before"] == "1"

    # Endpoints.
    deploy, endpoint = "/v1/endpoints/{endpoint}/deployments", ("endpoint.deploy", "endpoint/default/e")
    body = {"model": "m", "version": "1", "reason": "because", "settings": {"queue": "7"}}
    _, entries = call("post", deploy, body, endpoint, ("endpoint.set", "endpoint/default/e"), endpoint="e")
    assert (entries[0]["before"], entries[0]["after"], entries[0]["reason"]) == (None, "model/default/m/1", "because")
    assert entries[0]["evidence"].startswith(bundle("one") + " replay=not proven: 1 of 1 examples agree")
    assert entries[1]["after"] == "queue=7"
    call("post", versions, content["one"], ("model.register", "model/default/m/3"), model="m")
    call("post", deploy, {"model": "m", "version": "3"}, endpoint, endpoint="e")
    call("patch", "/v1/endpoints/{endpoint}", {"settings": {"queue": "8"}}, ("endpoint.set", "endpoint/default/e"),
         endpoint="e")
    _, (entry,) = call("post", "/v1/endpoints/{endpoint}/rollback", {}, ("endpoint.rollback", "endpoint/default/e"),
                       endpoint="e")
    assert entry["after"] == "model/default/m/1" and entry["evidence"].startswith(bundle("one") + " replay=")
    call("post", "/v2/repository/models/{endpoint}/unload", {}, ("endpoint.unload", "endpoint/default/e"), endpoint="e")
    _, (entry,) = call("post", "/v2/repository/models/{endpoint}/load", {}, ("endpoint.load", "endpoint/default/e"),
                       endpoint="e")
    assert entry["after"] == "model/default/m/1" and entry["evidence"].startswith(bundle("one"))
    call("delete", "/v1/endpoints/{endpoint}", None, ("endpoint.remove", "endpoint/default/e"), endpoint="e")

    # The registry as MLflow's clients see it.
    call("post", "registered-models/create", {"name": "r", "tags": [{"key": "t", "value": "v"}]},
         ("model.create", "model/default/r"))
    call("patch", "registered-models/update", {"name": "r", "description": "d"}, ("model.describe", "model/default/r"))
    _, (entry,) = call("post", "registered-models/set-tag", {"name": "r", "key": "k", "value": "v"},
                       ("model.tag", "model/default/r#k"))
    assert (entry["before"], entry["after"]) == (None, "v")
    call("delete", "registered-models/delete-tag", {"name": "r", "key": "k"}, ("model.tag", "model/default/r#k"))
    run = call("post", "runs/create", {"experiment_id": "0"})[0]["run"]["info"]["run_id"]
    source = {"name": "r", "source": f"runs:/{run}/model", "run_id": run}
    _, (entry,) = call("post", "model-versions/create", source, ("model.register", "model/default/r/1"))
    assert (entry["after"], entry["evidence"]) == (source["source"], f"run={run}")
    call("post", "model-versions/create", source, ("model.register", "model/default/r/2"))
    one = {"name": "r", "version": "1"}
    call("patch", "model-versions/update", one | {"description": "d"}, ("version.describe", "model/default/r/1"))
    call("post", "model-versions/set-tag", one | {"key": "k", "value": "v"}, ("version.tag", "model/default/r/1#k"))
    call("delete", "model-versions/delete-tag", one | {"key": "k"}, ("version.tag", "model/default/r/1#k"))
    stage = {"name": "r", "stage": "Production"}
    call("post", "model-versions/transition-stage", stage | {"version": "1"}, ("version.stage", "model/default/r/1"))
    _, entries = call("post", "model-versions/transition-stage",
                      stage | {"version": "2", "archive_existing_versions": True},
                      ("version.stage", "model/default/r/1"), ("version.stage", "model/default/r/2"))
    assert [entry["after"] for entry in entries] == ["Archived", "Production"]
    _, (entry,) = call("post", versions, content["one"] | {"version": 1}, ("version.pack", "model/default/r/1"), model="r")
    assert (entry["after"], entry["evidence"]) == (content["one"]["manifest"], f"provenance={content['one']['provenance']}")
    named = {"name": "r", "alias": "best"}
    call("post", "registered-models/alias", named | {"version": "1"}, ("alias.set", "alias/default/r/best"))
    call("delete", "registered-models/alias", named, ("alias.remove", "alias/default/r/best"))
    # What goes along with a version or a model has its own entry.
    for number in ("1", "2"):
        call("post", "registered-models/alias", named | {"alias": f"a{number}", "version": number},
             ("alias.set", f"alias/default/r/a{number}"))
    call("delete", "model-versions/delete", one, ("alias.remove", "alias/default/r/a1"),
         ("version.delete", "model/default/r/1"))
    call("post", "registered-models/rename", {"name": "r", "new_name": "s"}, ("model.rename", "model/default/r"))
    call("delete", "registered-models/delete", {"name": "s"}, ("alias.remove", "alias/default/s/a2"),
         ("model.delete", "model/default/s"))

    # Who is told of what.
    silence = {"pattern": "drift/*", "lasting": "1h", "reason": "because"}
    _, (entry,) = call("post", "/v1/alerts/silences", silence, ("alert.silence", "silence/1"))
    assert entry["after"].startswith("drift/* until ") and entry["reason"] == "because"
    _, (entry,) = call("delete", "/v1/alerts/silences/{silence}", None, ("alert.unsilence", "silence/1"), silence=1)
    assert entry["before"].startswith("drift/* until ")
    hook = {"name": "hook", "kind": "webhook", "address": "http://127.0.0.1:1/secret"}
    _, (entry,) = call("post", "/v1/alerts/destinations", hook, ("destination.add", "destination/hook"))
    assert entry["after"] == "webhook http://127.0.0.1:1/…"
    call("delete", "/v1/alerts/destinations/{destination}", None, ("destination.remove", "destination/hook"),
         destination="hook")

    call("post", "/v1/erasures", {"subject": "ada"}, ("subject.erase", "subject/default/unknown"))
    call("post", "/v1/erasures", {"subject": "ada", "dryRun": True})

    # What is brought, and what is cleared away.
    past = {"name": "past", "createdAt": 1, "updatedAt": 1, "tags": {}, "aliases": {}, "versions": []}
    call("post", "/v1/import/models", past, ("model.create", "model/default/past"))
    platform.commanded(("post", "/v1/datasets/{dataset}/versions"), ("dataset.add", "dataset/default/rows/1"),
                       "dataset", "add", rows, "--name", "rows")
    server.slipway("model", "export", "m@2", exported)
    platform.commanded(("post", "/v1/registry/models/{model}/imports"), ("model.import", "model/default/brought/1"),
                       "model", "import", exported, "--name", "brought")

    routes = mutating_routes(server)
    assert routes - platform.done - BESIDE == set(), "no entry of these was looked for"
    assert BESIDE <= routes
    server.slipway("ledger", "verify")


def token(platform):
    """The id of a token is known only once it is made."""
    platform.done.add(("post", "/v1/tokens"))
    body = {"principal": "eve", "roles": ["viewer"], "project": "growth"}
    text = fetch(platform.server.url + "/v1/tokens", body, "POST", Authorization=f"Bearer {platform.token}")[1]
    made = json.loads(text)
    entry = platform.entries()[-1]
    assert (entry["actor"], entry["action"], entry["object"]) == ("ada", "token.create", f"token/{made['record']['id']}")
    return made, entry


def test_a_project_that_comes_with_a_token_has_its_entry(platform):
    """A client of MLflow with a token for a project that is not there makes it with its first call."""
    made = json.loads(platform.server.slipway(
        "token", "create", "max", "--role", "developer", "--project", "new", "--format", "json").stdout)
    before = len(platform.entries())
    fetch(platform.server.url + "/api/2.0/mlflow/experiments/create", {"name": "first"}, "POST",
          Authorization=f"Bearer {made['token']}")
    gained = platform.entries()[before:]
    assert [(entry["actor"], entry["action"], entry["object"]) for entry in gained] == [
        ("max", "project.create", "project/new")]


def test_an_endpoint_that_follows_has_the_entry_of_whoever_moved_the_alias(platform):
    server = platform.server
    for model in [IDENTITY, SCALE, IDENTITY]:
        packed = shown(platform, {IDENTITY: "one", SCALE: "two"}[model])
        body = {"manifest": packed["bundle"], "provenance": packed["provenance"]}
        fetch(f"{server.url}/v1/registry/models/followed/versions", body, "POST", Authorization=f"Bearer {platform.token}")
    fetch(f"{server.url}/v1/endpoints/f/deployments",
          {"model": "followed", "version": "1", "settings": {"follow": "champion"}}, "POST",
          Authorization=f"Bearer {platform.token}")
    body = {"version": 3}
    fetch(f"{server.url}/v1/registry/models/followed/aliases/champion", body, "PUT",
          Authorization=f"Bearer {platform.token}")
    deadline = time.monotonic() + 120
    while (last := platform.entries()[-1])["action"] != "endpoint.deploy":
        assert time.monotonic() < deadline, last
        time.sleep(0.1)
    assert (last["actor"], last["object"], last["after"], last["reason"]) == (
        "ada", "endpoint/default/f", "model/default/followed/3", "alias champion moved")


def shown(platform, name):
    return json.loads(fetch(f"{platform.server.url}/v1/registry/models/{name}/versions/1", None, "GET",
                            Authorization=f"Bearer {platform.token}")[1])
