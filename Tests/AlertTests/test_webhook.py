# SPDX-License-Identifier: Apache-2.0
"""An endpoint fails, and a webhook hears of it: once, signed, and to the end, whatever comes in between."""

import json
import os
import signal
import time

import pytest
from alerting import Failing, alerts, ask, deploy_failing, destinations, watching
from program import MODELS, running
from receivers import is_signed, receiver, until

SECRET = "sign-with-this-and-tell-nobody"


@pytest.fixture
def hook():
    with receiver() as one:
        yield one


def test_an_endpoint_that_fails_is_told_once_and_so_is_its_end(tmp_path, hook):
    with watching(tmp_path, HOOK_SECRET=SECRET) as server:
        deploy_failing(server)
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "well")
        server.slipway("alert", "to", "add", "ops", "--webhook", f"{hook.url}/path-that-is-secret",
                       "--secret", "env:HOOK_SECRET")
        with Failing(server):
            (opened,) = hook.wait_for(1)
            # A failing endpoint that goes on failing is no news.
            time.sleep(2)
            assert len(hook.received) == 1
            (alert,) = [one for one in alerts(server) if one["kind"] == "error_rate"]
        assert opened.path == "/path-that-is-secret" and is_signed(opened, SECRET.encode())
        assert not is_signed(opened, b"another")
        told = opened.json
        assert told["schema"] == "slipway.alert/1" and told["event"] == "opened"
        assert told["id"] == opened.headers["idempotency-key"]
        assert told["alert"]["key"] == "error_rate/failing" and told["alert"]["severity"] == "critical"
        assert {one["name"] for one in told["alert"]["evidence"]} >= {"requests", "failed", "share", "over"}
        assert told["alert"]["normal"] and told["alert"]["next"].startswith("slipway ")
        assert (alert["key"], alert["state"], alert["told"]) == ("error_rate/failing", "open", True)
        assert alert["number"] == told["alert"]["number"]
        shown = server.slipway("alert", "show", alert["number"]).stdout
        assert alert["summary"] in shown and "slipway logs" in shown

        _, resolved = hook.wait_for(2)
        assert resolved.event == ("resolved", "error_rate/failing") and resolved.json["id"] != told["id"]
        assert resolved.json["alert"]["resolvedAt"] and is_signed(resolved, SECRET.encode())
        # The endpoint that fails nobody is in none of them.
        assert not any(one.get("endpoint") == "well" for one in alerts(server, "--all"))
        assert [one["state"] for one in alerts(server, "--all", "--endpoint", "failing")] == ["resolved"]


def test_few_failures_are_no_alert(tmp_path, hook):
    with watching(tmp_path) as server:
        deploy_failing(server)
        server.slipway("alert", "to", "add", "ops", "--webhook", hook.url)
        for _ in range(3):
            assert ask(server, "failing", {"values": [1, 2, 3]}) == 500
        time.sleep(3)
        assert [one for one in alerts(server, "--all") if one["kind"] == "error_rate"] == []


def test_a_server_that_is_killed_repeats_nothing_and_tells_the_end(tmp_path, hook):
    with running(tmp_path, "--alert-interval", "500ms", ends_with=-signal.SIGKILL) as server:
        deploy_failing(server)
        server.slipway("alert", "to", "add", "ops", "--webhook", hook.url)
        with Failing(server):
            hook.wait_for(1)
            until(lambda: destinations(server)["ops"]["waiting"] == 0)
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()
    with running(tmp_path, "--alert-interval", "500ms") as server:
        with Failing(server):
            time.sleep(4)
            (alert,) = [one for one in alerts(server) if one["kind"] == "error_rate"]
            assert hook.events == [("opened", "error_rate/failing")]
        hook.wait_for(2)
        assert hook.events == [("opened", "error_rate/failing"), ("resolved", "error_rate/failing")]
        assert hook.received[1].json["alert"]["number"] == alert["number"]


def test_what_was_on_its_way_when_a_server_was_killed_arrives(tmp_path, hook):
    hook.status = 500
    with watching(tmp_path, ends_with=-signal.SIGKILL) as server:
        deploy_failing(server)
        server.slipway("alert", "to", "add", "ops", "--webhook", hook.url)
        with Failing(server):
            hook.wait_for(1)
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()
    hook.status = 200
    with watching(tmp_path) as server:
        until(lambda: destinations(server)["ops"].get("deliveredAt"))
        until(lambda: ("resolved", "error_rate/failing") in hook.events)
        ids = [one.json["id"] for one in hook.received if one.json["event"] == "opened"]
        assert len(ids) >= 2 and len(set(ids)) == 1


def test_a_webhook_that_answers_500_hears_it_all_in_order_once_it_does_not(tmp_path, hook):
    hook.status = 500
    with watching(tmp_path) as server:
        deploy_failing(server)
        server.slipway("alert", "to", "add", "ops", "--webhook", hook.url)
        with Failing(server):
            hook.wait_for(3)
            found = destinations(server)["ops"]
            assert found["problem"] == "it answers 500" and found["waiting"] >= 1 and "deliveredAt" not in found
        until(lambda: [one["state"] for one in alerts(server, "--all", "--endpoint", "failing")] == ["resolved"])
        assert {one.json["event"] for one in hook.received} == {"opened"}
        hook.status = 200
        until(lambda: destinations(server)["ops"]["waiting"] == 0)
        assert "problem" not in destinations(server)["ops"]
        told = [one for one in hook.received if one.json["alert"].get("endpoint") == "failing"]
        assert [one.json["event"] for one in told][-2:] == ["opened", "resolved"]
        # Each time the same, to the byte: whoever has it already can tell.
        opened = [one for one in told if one.json["event"] == "opened"]
        assert len({one.body for one in opened}) == len({one.headers["idempotency-key"] for one in opened}) == 1
        # The pauses grow.
        gaps = [later.at - earlier.at for earlier, later in zip(opened, opened[1:])]
        assert gaps[-1] > gaps[0]


def test_a_webhook_that_hangs_is_left_after_ten_seconds_and_holds_up_nobody(tmp_path, hook):
    hook.hangs = True
    with receiver() as other, watching(tmp_path) as server:
        deploy_failing(server)
        server.slipway("alert", "to", "add", "hangs", "--webhook", hook.url)
        server.slipway("alert", "to", "add", "well", "--webhook", other.url)
        with Failing(server):
            hook.wait_for(1)
            other.wait_for(1)
            other.wait_for(1)
        # All of it, while the other one is still being waited for or tried again.
        until(lambda: ("resolved", "error_rate/failing") in other.events)
        assert destinations(server)["hangs"]["waiting"] == 2
        hook.wait_for(2)
        assert hook.received[1].at - hook.received[0].at > 9
        assert destinations(server)["hangs"]["problem"] == "it did not answer within 10 s"
        hook.hangs = False
        until(lambda: destinations(server)["hangs"]["waiting"] == 0)
        assert len({one.json["id"] for one in hook.received if one.json["event"] == "opened"}) == 1


def test_redirects_are_not_followed(tmp_path, hook):
    with receiver() as elsewhere, watching(tmp_path, HOOK_SECRET=SECRET) as server:
        for status in [301, 302, 303, 307, 308]:
            hook.status, hook.location = status, elsewhere.url
            name = f"to-{status}"
            server.slipway("alert", "to", "add", name, "--webhook", hook.url, "--secret", "env:HOOK_SECRET")
            said = server.slipway("alert", "test", name, code=7)
            assert f"it answers {status}, and redirects are not followed" in said.stdout and "ALR-004" in said.stderr
        assert len(hook.received) == 5 and elsewhere.received == []


def test_a_silence_keeps_it_to_itself(tmp_path, hook):
    with watching(tmp_path) as server:
        deploy_failing(server)
        server.slipway("alert", "to", "add", "ops", "--webhook", hook.url)
        silence = json.loads(server.slipway("alert", "silence", "error_rate/*", "--for", "1h", "--why", "known",
                                            "--format", "json").stdout)
        with Failing(server):
            until(lambda: any(one["kind"] == "error_rate" for one in alerts(server)))
            (alert,) = [one for one in alerts(server) if one["kind"] == "error_rate"]
            assert alert["silencedUntil"] == silence["until"] and not alert["told"]
            time.sleep(1)
            assert hook.received == []
            server.slipway("alert", "unsilence", silence["number"])
            hook.wait_for(1)
        assert hook.events[0] == ("opened", "error_rate/failing")
