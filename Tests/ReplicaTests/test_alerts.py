# SPDX-License-Identifier: Apache-2.0
"""Several servers tell of one alert once, judged by what all of them count; also when the one that does so dies."""

import time

from alerting import Failing, alerts, deploy_failing
from fleet import all_stand, kill, replicas, until
from receivers import receiver

OFTEN = ("--alert-interval", "500ms")


def watcher(server):
    """The address of the server that watches over all; nothing for a moment when it changes."""
    return next((url for url, one in replicas(server).items() if "alerts" in one["work"] and one["state"] == "live"), None)


def test_one_tells_for_all_and_another_goes_on_when_it_dies(fleet):
    first = fleet.start_mortal("first", *OFTEN)
    until(lambda: watcher(first) == first.url)
    second = fleet.start("second", *OFTEN)
    with receiver() as hook:
        deploy_failing(first)
        all_stand([first, second], "failing", 1, 1)
        second.slipway("alert", "to", "add", "ops", "--webhook", hook.url)
        # Only the one that watches over nobody is asked.
        with Failing(second):
            hook.wait_for(1)
            assert watcher(second) == first.url
            kill(first)
            until(lambda: watcher(second) == second.url)
            time.sleep(5)
            assert hook.events.count(("opened", "error_rate/failing")) == 1
            assert ("resolved", "error_rate/failing") not in hook.events
        until(lambda: ("resolved", "error_rate/failing") in hook.events)
        assert hook.events.count(("opened", "error_rate/failing")) == 1
        assert [one["state"] for one in alerts(second, "--all", "--endpoint", "failing")] == ["resolved"]
        fleet.end("first")
