# SPDX-License-Identifier: Apache-2.0
"""Changes through all servers while clients ask them: no request is lost, and all come to the same state."""

from concurrent.futures import ThreadPoolExecutor

from fleet import all_stand, deploy, endpoint, generations, json_of, new_scale, replicas, take, until, verify_ledger
from load import Load
from program import SOAK

DEPLOYMENTS = 600 if SOAK else 30
MEETINGS = 200 if SOAK else 12


def counted(server, name):
    return endpoint(server, name)["requests"]


def strictly_growing(server, name):
    deployments = take(server, "GET", f"/v1/endpoints/{name}")["deployments"]
    numbers = [one["generation"] for one in deployments]
    assert numbers == list(range(len(numbers), 0, -1))
    return deployments


def test_deployments_through_different_servers_lose_no_request(trio, tmp_path):
    name = new_scale(trio[0], tmp_path, "loaded", 2, 3)
    all_stand(trio, name, 2, 2)
    with Load(trio, name) as load:
        until(lambda: all(counted(server, name)["answered"] > 20 for server in trio))
        for number in range(DEPLOYMENTS):
            status, outcome = deploy(trio[number % 3], name, number % 2 + 1)
            assert status == 200 and not outcome["unchanged"], outcome
            drained = outcome.get("drained")
            assert drained is None or drained["accepted"] == drained["answered"]
        last = all_stand(trio, name)
    load.assert_all_answered()
    assert set(load.factors) == {2, 3}
    assert last == (DEPLOYMENTS + 2, (DEPLOYMENTS - 1) % 2 + 1)
    for server in trio:
        counts = counted(server, name)
        assert counts["accepted"] == counts["answered"] == load.counts[server.url][200]
        assert counts["failed"] == 0
        strictly_growing(server, name)
    until(lambda: {generations(replica).get(name) for replica in replicas(trio[0]).values()} == {last[0]})
    verify_ledger(trio[1])


def test_deployments_at_the_same_moment_end_in_one_state(trio, tmp_path):
    name = new_scale(trio[0], tmp_path, "contested", 2, 3)
    all_stand(trio, name, 2, 2)
    with Load(trio, name, clients=1) as load, ThreadPoolExecutor(3) as callers:
        for meeting in range(MEETINGS):
            order = [(server, name, (meeting + place) % 2 + 1) for place, server in enumerate(trio)]
            for status, outcome in callers.map(lambda told: deploy(*told), order):
                # Whoever was overtaken again and again is told so.
                assert status == 200 or (status, outcome["code"]) == (409, "REG-017"), outcome
        generation, version = all_stand(trio, name)
    load.assert_all_answered()
    deployments = strictly_growing(trio[1], name)
    assert deployments[0]["generation"] == generation and deployments[0]["version"] == version
    # One that is acknowledged as a change is one, and no two are the same.
    assert all(one["version"] != other["version"] for one, other in zip(deployments, deployments[1:]))
    verify_ledger(trio[2])


def test_changes_of_everything_at_once(trio, tmp_path):
    """Settings, aliases, tokens and versions through all servers: the ledger has each of them, in one order."""
    names = [new_scale(server, tmp_path, f"mixed-{place}", 2, 3) for place, server in enumerate(trio)]
    before = json_of(trio[0], "ledger", "head")

    def work(place):
        server = trio[place]
        for number in range(12):
            for name in names:
                take(server, "PATCH", f"/v1/endpoints/{name}", {"settings": {"queue": str(100 * place + number + 1)}})
            take(server, "PUT", f"/v1/registry/models/{names[place]}/aliases/newest", {"version": number % 2 + 1})
            made = take(server, "POST", "/v1/tokens", {"principal": f"p-{place}-{number}", "roles": ["viewer"]})
            take(server, "DELETE", f"/v1/tokens/{made['record']['id']}")

    with ThreadPoolExecutor(3) as workers:
        list(workers.map(work, range(3)))
    for name in names:
        until(lambda: len({endpoint(server, name)["settings"]["queue"] for server in trio}) == 1)
    heads = [json_of(server, "ledger", "head")["root"] for server in trio]
    assert heads[0] == heads[1] == heads[2] != before["root"]
    verify_ledger(trio[0])
