# SPDX-License-Identifier: Apache-2.0
"""A server that was suspended for longer than the others wait writes nothing over what they did meanwhile."""

import contextlib

from clearing import KEPT_SHORTLY, begin_clearing, blobs, clear, in_the_middle, litter, outcome, trash
from fleet import all_answer, all_stand, endpoint, factor, new_scale, new_slow, replicas, suspended, take, until, verify_ledger
from load import Load
from mlflow_rest import Rest
from slow_work import begin_following

LITTER = 3000


def test_clearing_away_that_another_has_taken_over(fleet, tmp_path):
    a, b = [fleet.start(place, *KEPT_SHORTLY) for place in ["a", "b"]]
    name = new_scale(a, tmp_path, "kept", 2)
    all_stand([a, b], name)
    needed, gone = blobs(fleet), litter(fleet, LITTER, "suspended")
    rest = Rest(b.url)
    experiment = rest.new_experiment()
    with Load([b], name) as load:
        clearing = begin_clearing(a)
        in_the_middle(fleet, clearing, gone)
        with suspended(a, fleet):
            assert clearing.poll() is None, "it was over before"
            report = clear(b)
            assert len(gone - trash(fleet)) <= 1 and 0 < report["unnamed"]["count"] < LITTER
            until(lambda: replicas(b)[a.url]["state"] == "lost")
            # Some of what it had found to be of no use is needed by now.
            runs = {}
            for number in range(40):
                run, content = rest.new_run(experiment), f"suspended {number * LITTER // 40}".encode()
                rest.put_artifact(f"{experiment}/{run}/artifacts/f.txt", content)
                runs[run] = content
        code, said = outcome(clearing)
        # Refused, or nothing was left to do.
        assert code == 0 or "RPL-002" in said, said
        until(lambda: replicas(b)[a.url]["state"] == "live")
    load.assert_all_answered()
    for server in [a, b]:
        for run, content in runs.items():
            assert Rest(server.url).get_artifact(f"{experiment}/{run}/artifacts/f.txt") == content
    assert needed <= blobs(fleet)
    # It is one of them again.
    litter(fleet, 10, "afterwards")
    assert clear(a)["unnamed"]["count"] == 10
    assert factor(a, name) == 2
    verify_ledger(a)


def test_following_that_another_has_taken_over(fleet, tmp_path):
    servers = [fleet.start("a")]
    slow = new_slow(servers[0], tmp_path, "slow")
    take(servers[0], "PUT", f"/v1/registry/models/{slow}/aliases/champion", {"version": 1})
    servers += [fleet.start(place) for place in ["b", "c"]]
    take(servers[1], "PATCH", f"/v1/endpoints/{slow}", {"settings": {"follow": "champion"}})
    with contextlib.ExitStack() as stack:
        follower, order = begin_following(servers, slow)
        stack.enter_context(suspended(follower, fleet))
        others = [server for server in servers if server is not follower]
        # Meanwhile the alias moves on, and the others go with it.
        take(others[0], "PUT", f"/v1/registry/models/{slow}/aliases/champion", {"version": 3})
        stood = (all_answer(others, slow, 3), 3)
        until(lambda: replicas(others[1])[follower.url]["state"] == "lost")
    order.join()
    until(lambda: replicas(others[0])[follower.url]["state"] == "live")
    # What it had begun would have been version 2.
    assert (all_answer(servers, slow, 3), 3) == stood
    assert endpoint(follower, slow)["liveVersion"] == 3
    deployments = take(follower, "GET", f"/v1/endpoints/{slow}")["deployments"]
    assert deployments[0]["version"] == 3 and deployments[0]["generation"] == stood[0]
    # And it may change again.
    take(follower, "PUT", f"/v1/registry/models/{slow}/aliases/champion", {"version": 1})
    all_answer(servers, slow, 1)
    verify_ledger(follower)
