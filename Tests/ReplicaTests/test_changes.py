# SPDX-License-Identifier: Apache-2.0
"""What is changed through one server is so on all of them, without a restart."""

from fleet import (
    all_stand, call, deploy, endpoint, factor, generations, json_of, new_scale, replicas, scale_model, take, until, verify_ledger,
)  # fmt: skip


def answers_everywhere(servers, name, expected):
    for server in servers:
        until(lambda: factor(server, name) == expected)


def test_a_deployment_and_a_rollback(trio, tmp_path):
    a, b, c = trio
    name = new_scale(a, tmp_path, "deployed", 2)
    answers_everywhere(trio, name, 2)
    new_scale(b, tmp_path, name, 3)
    answers_everywhere(trio, name, 3)
    c.slipway("rollback", name)
    answers_everywhere(trio, name, 2)
    all_stand(trio, name, 3, 1)
    # The same in the words of each about itself.
    until(lambda: all(generations(replica).get(name) == 3 for replica in replicas(a).values()))
    deployments = [take(server, "GET", f"/v1/endpoints/{name}")["deployments"] for server in trio]
    assert deployments[0] == deployments[1] == deployments[2]
    assert [one["generation"] for one in deployments[0]] == [3, 2, 1]


def test_settings(trio, tmp_path):
    a, b, c = trio
    name = new_scale(b, tmp_path, "limited", 2)
    answers_everywhere(trio, name, 2)
    a.slipway("endpoint", "set", name, "--rate-per-client", "1/h")
    for server in trio:
        until(lambda: endpoint(server, name)["settings"]["rate_per_client"] == "1/h")
    # They are those that requests are held to: per server.
    for server in [b, c]:
        until(lambda: call(server, "POST", f"/v1/endpoints/{name}/predict", [{"values": [1]}])[0] == 429)
    c.slipway("endpoint", "set", name, "--reset")
    answers_everywhere(trio, name, 2)
    assert len({endpoint(server, name)["generation"] for server in trio}) == 1


def test_a_removal(trio, tmp_path):
    a, b, c = trio
    name = new_scale(c, tmp_path, "removed", 2)
    answers_everywhere(trio, name, 2)
    a.slipway("endpoint", "delete", name)
    for server in trio:
        assert endpoint(server, name) is None
        until(lambda: call(server, "POST", f"/v1/endpoints/{name}/predict", [{"values": [1]}])[0] == 404)
    # It may come again, through another one.
    assert deploy(b, name, 1)[0] == 200
    answers_everywhere(trio, name, 2)


def test_an_alias_that_is_followed(trio, tmp_path):
    a, b, c = trio
    name = new_scale(a, tmp_path, "followed", 2, 3)
    a.slipway("model", "alias", "set", name, "champion", "2")
    b.slipway("endpoint", "set", name, "--follow", "champion")
    for number, server in enumerate([c, b, a, c]):
        version = number % 2 + 1
        server.slipway("model", "alias", "set", name, "champion", version)
        assert all_stand(trio, name)[1] in (1, 2)
        answers_everywhere(trio, name, version + 1)
    # Each move was followed once.
    deployments = take(b, "GET", f"/v1/endpoints/{name}")["deployments"]
    assert [one["version"] for one in deployments] == [2, 1, 2, 1, 2, 1]


def test_a_version_is_served_lazily_where_nobody_asked_for_it(trio, tmp_path):
    a, b, c = trio
    new_scale(a, tmp_path, "registered", 5)
    assert deploy(a, "lazily", 1, model="registered", settings={"load": "lazy"})[0] == 200
    for server in [b, c]:
        until(lambda: (found := endpoint(server, "lazily")) and found.get("cold"))
    assert factor(b, "lazily") == 5
    assert not endpoint(b, "lazily").get("cold")
    assert endpoint(c, "lazily").get("cold"), "only where it was asked for"
    until(lambda: {
        endpoint["state"] for replica in replicas(a).values() for endpoint in replica["endpoints"]
        if endpoint["name"] == "lazily"
    } == {"ready", "cold"})  # fmt: skip


def test_projects_and_models_are_the_same_everywhere(trio, tmp_path):
    a, b, c = trio
    a.slipway("project", "create", "growth")
    b.slipway("deploy", scale_model(tmp_path, 7), "--name", "inside", "--project", "growth")
    (version,) = json_of(c, "model", "show", "inside", "--project", "growth")["versions"]
    assert version["version"] == 1
    until(lambda: factor(c, "inside") == 7)
    verify_ledger(c)


def test_a_server_that_starts_has_what_was_decided_without_it(trio, common, tmp_path):
    name = new_scale(trio[0], tmp_path, "before", 2, 3)
    late = common.start("late")
    # Like any start: it listens once everything has a verdict.
    assert factor(late, name) == 3
    trio[1].slipway("rollback", name)
    answers_everywhere([*trio, late], name, 2)
    late.slipway("rollback", name, code=4)
    common.end("late")
    assert factor(trio[2], name) == 2
