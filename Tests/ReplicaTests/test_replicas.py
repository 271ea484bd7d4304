# SPDX-License-Identifier: Apache-2.0
"""Who the servers of a platform are, and the tokens that hold on all of them."""

import re

from fleet import call, generations, json_of, new_scale, predict, replicas, take, until


def holds(server, token):
    return call(server, "GET", "/v1/status", token=token)[0] == 200


def test_every_server_is_listed_by_every_other(trio, common, tmp_path):
    name = new_scale(trio[0], tmp_path, "listed", 2)
    urls = {server.url for server in trio}
    for server in trio:
        listed = until(lambda: (found := replicas(server)).keys() == urls and found)
        assert len({replica["id"] for replica in listed.values()}) == 3
        # Of the ids of their predictions.
        assert len({replica["number"] for replica in listed.values()}) == 3
        assert {replica["processID"] for replica in listed.values()} == {server.pid for server in trio}
        for replica in listed.values():
            assert replica["state"] == "live" and replica["heartbeatAgeSeconds"] < 15
            assert replica["version"] and set(replica["work"]) <= {"alerts"}
        until(lambda: all(generations(replica).get(name) == 1 for replica in replicas(server).values()))
        assert {replica["id"] for replica in json_of(server, "replica", "list")} == {
            replica["id"] for replica in listed.values()
        }
        assert all(url in server.slipway("replica", "list").stdout for url in urls)


def test_a_server_that_ends_is_listed_no_more(trio, common):
    before = replicas(trio[0]).keys()
    fourth = common.start("fourth")
    until(lambda: replicas(trio[0]).keys() == before | {fourth.url})
    common.end("fourth")
    until(lambda: replicas(trio[1]).keys() == before)


def test_a_server_alone_lists_itself(tmp_path):
    from program import running

    with running(tmp_path) as server:
        (replica,) = replicas(server).values()
        assert replica["url"] == server.url and replica["state"] == "live"


def test_who_may_not_administer_sees_no_servers(trio):
    viewer = take(trio[0], "POST", "/v1/tokens", {"principal": "vic", "roles": ["viewer"]})["token"]
    until(lambda: holds(trio[1], viewer))
    status, problem = call(trio[1], "GET", "/v1/replicas", token=viewer)
    assert (status, problem["code"]) == (401, "ACC-002")


# Tokens


def test_every_data_folder_has_its_own_token(trio):
    """That of one holds after others have started, and each is in the list of all."""
    assert len({server.token for server in trio}) == 3
    for server in trio:
        assert call(server, "GET", "/v1/tokens")[0] == 200
        tokens = json_of(server, "token", "list")
        assert len([token for token in tokens if token["principal"] == "administrator"]) >= 3


def test_a_token_holds_everywhere_until_it_is_revoked_anywhere(trio):
    made = take(trio[0], "POST", "/v1/tokens", {"principal": "ada", "roles": ["viewer"]})
    assert holds(trio[0], made["token"])
    for server in trio[1:]:
        until(lambda: holds(server, made["token"]))
    take(trio[1], "DELETE", f"/v1/tokens/{made['record']['id']}")
    assert not holds(trio[1], made["token"])
    for server in [trio[0], trio[2]]:
        until(lambda: not holds(server, made["token"]))


def test_a_token_that_is_rotated_elsewhere_is_replaced_here(trio):
    old = take(trio[2], "POST", "/v1/tokens", {"principal": "bob", "roles": ["viewer"]})
    until(lambda: holds(trio[0], old["token"]))
    new = take(trio[0], "POST", f"/v1/tokens/{old['record']['id']}/rotation")["token"]
    until(lambda: holds(trio[2], new) and not holds(trio[2], old["token"]))


def test_ids_of_predictions_are_never_the_same(trio, tmp_path):
    name = new_scale(trio[0], tmp_path, "ids", 2)
    for server in trio:
        until(lambda: predict(server, name)[0] == 200)
    ids = [
        call(server, "POST", f"/v1/endpoints/{name}/predict", [{"values": [1]}])[1]["id"]
        for _ in range(20) for server in trio
    ]  # fmt: skip
    assert len(set(ids)) == len(ids) and all(re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id) for id in ids)
