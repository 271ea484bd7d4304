# SPDX-License-Identifier: Apache-2.0
"""A server that is killed in the middle of something: the others go on, and nothing that was acknowledged is lost."""

import random
import time

from clearing import KEPT_SHORTLY, begin_clearing, blobs, clear, in_the_middle, litter, trash
from fleet import all_answer, all_stand, deploy, endpoint, factor, kill, new_scale, new_slow, replicas, standing, take, until, verify_ledger
from load import Load
from program import SOAK
from slow_work import begin_deployment, begin_following

LITTER = 3000


def is_lost(server, url):
    return replicas(server)[url]["state"] == "lost"


def test_in_the_middle_of_a_deployment_and_of_clearing_away(fleet, tmp_path):
    mortal = fleet.start_mortal("mortal", *KEPT_SHORTLY)
    slow = new_slow(mortal, tmp_path, "slow")
    name = new_scale(mortal, tmp_path, "loaded", 2, 3)
    others = [fleet.start(place, *KEPT_SHORTLY) for place in ["b", "c"]]
    all_stand([mortal, *others], name, 2, 2)
    needed, gone = blobs(fleet), litter(fleet, LITTER, "killed")
    with Load(others, name) as load:
        # Acknowledged, and so on every server whatever becomes of the one that did it.
        assert deploy(mortal, name, 1)[0] == 200
        order = begin_deployment(mortal, slow)
        clearing = begin_clearing(mortal)
        in_the_middle(fleet, clearing, gone)
        kill(mortal)
        killed = time.monotonic()
        order.join()
        assert order.told[0] is None, f"it was over before: {order.told}"
        assert clearing.wait(600) != 0
        # The others go on at once, with this endpoint as well.
        all_stand(others, name, 3, 1)
        assert deploy(others[0], slow, 3)[0] == 200
        all_answer(others, slow, 3)
        assert deploy(others[1], name, 2)[0] == 200
        # Its turn at clearing away goes to another one.
        report = clear(others[0])
        taken_over = time.monotonic() - killed
        # One may have been given the time of its end and not its place: it goes a day later.
        assert len(gone - trash(fleet)) <= 1 and report["unnamed"]["count"] < LITTER
        assert needed <= blobs(fleet) | trash(fleet)
        until(lambda: is_lost(others[1], mortal.url))
        all_stand(others, name, 4, 2)
    load.assert_all_answered()
    assert taken_over < 60, "leases last for 15 s"
    verify_ledger(others[1])
    fleet.end("mortal")
    # On its data folder it comes back by itself, with what was decided without it.
    back = fleet.start("mortal", *KEPT_SHORTLY)
    all_stand([back, *others], name, 4, 2)
    all_answer([back, *others], slow, 3)
    assert factor(back, name) == 3
    expected = {server.url for server in [back, *others]}
    until(lambda: {url for url, replica in replicas(back).items() if replica["state"] == "live"} == expected)
    assert deploy(back, name, 1)[0] == 200
    all_stand([back, *others], name, 5, 1)
    clear(back)
    verify_ledger(back)


def test_in_the_middle_of_following_an_alias(fleet, tmp_path):
    servers = [fleet.start_mortal("a")]
    slow = new_slow(servers[0], tmp_path, "slow")
    take(servers[0], "PUT", f"/v1/registry/models/{slow}/aliases/champion", {"version": 1})
    servers += [fleet.start_mortal(place) for place in ["b", "c"]]
    take(servers[1], "PATCH", f"/v1/endpoints/{slow}", {"settings": {"follow": "champion"}})
    follower, order = begin_following(servers, slow)
    kill(follower)
    left = [server for server in servers if server is not follower]
    order.join()
    # What was acknowledged is done, whoever has begun it; what was cut off is done as well, if the alias has moved.
    model = take(left[0], "GET", f"/v1/registry/models/{slow}")
    assert model["aliases"]["champion"] == 2, "it was killed before the alias had moved"
    all_answer(left, slow, 2)
    until(lambda: is_lost(left[1], follower.url))
    deployments = take(left[0], "GET", f"/v1/endpoints/{slow}")["deployments"]
    assert [one["version"] for one in deployments].count(2) == 2, "once before, and once for the alias"
    verify_ledger(left[0])
    # The last one alone.
    kill(left[0])
    take(left[1], "PUT", f"/v1/registry/models/{slow}/aliases/champion", {"version": 3})
    all_answer(left[1:], slow, 3)
    verify_ledger(left[1])
    kill(left[1])


def test_nothing_acknowledged_is_lost_however_often_one_is_killed(fleet, tmp_path):
    steady = fleet.start("steady")
    name = new_scale(steady, tmp_path, "loaded", 2, 3)
    generation, chance = 2, random.Random(7)
    for _ in range(30 if SOAK else 2):
        mortal = fleet.start_mortal("mortal")
        all_stand([steady, mortal], name)
        end = time.monotonic() + chance.random()
        # In turns, the one that lives on and the one that does not.
        while time.monotonic() < end or generation % 2:
            server = mortal if generation % 2 else steady
            assert deploy(server, name, generation % 2 + 1)[0] == 200
            generation += 1
        kill(mortal)
        fleet.end("mortal")
        # What was acknowledged is there, and the one that is left gets there by itself.
        assert take(steady, "GET", f"/v1/endpoints/{name}")["deployments"][0]["generation"] == generation
        until(lambda: standing(steady, name)[0] == generation)
    verify_ledger(steady)
