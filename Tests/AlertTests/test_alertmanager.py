# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager, and what does as Slack does."""

import contextlib
import json
import shutil
import socket
import subprocess

import pytest
from alerting import Failing, alerts, deploy_failing, watching
from program import ROOT, fetch
from receivers import receiver, until

FETCHED = ROOT / ".tools/alertmanager/usr"


def program(folder):
    """The command that runs it; nothing where there is none."""
    if installed := shutil.which("prometheus-alertmanager") or shutil.which("alertmanager"):
        return [installed]
    if not (FETCHED / "bin").exists():
        return None
    # Debian's looks for its templates in one place only, where nothing of the tests' own is put.
    shown = [option for path in ["/lib", "/lib64", "/usr/lib", "/etc"] for option in ("--ro-bind-try", path, path)]
    return ["bwrap", *shown, "--ro-bind", FETCHED / "share/prometheus", "/usr/share/prometheus", "--ro-bind", FETCHED / "bin", "/fetched",
            "--bind", folder, folder, "--proc", "/proc", "--dev", "/dev", "--die-with-parent",
            "/fetched/prometheus-alertmanager"]


@contextlib.contextmanager
def alertmanager(folder):
    """Its address."""
    command = program(folder)
    if command is None:
        pytest.skip("Alertmanager was not found: scripts/setup.sh test fetches Debian's")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    folder.mkdir()
    (folder / "config.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--config.file={folder}/config.yml", f"--storage.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"

    def is_ready():
        assert process.poll() is None, (folder / "log").read_text()
        with contextlib.suppress(OSError):
            return fetch(f"{url}/-/ready")[0] == 200

    try:
        until(is_ready)
        yield url
    finally:
        process.kill()
        process.wait()


def firing(url):
    found = json.loads(fetch(f"{url}/api/v2/alerts?active=true")[1])
    return {(one["labels"]["alertname"], one["labels"]["severity"]): one for one in found}


def test_an_alert_fires_in_alertmanager_until_it_is_over(tmp_path):
    with alertmanager(tmp_path / "alertmanager") as url, watching(tmp_path) as server:
        deploy_failing(server)
        server.slipway("alert", "to", "add", "manager", "--alertmanager", url)
        server.slipway("alert", "test", "manager")
        assert ("slipway_test", "warning") in firing(url)
        with Failing(server):
            alert = until(lambda: firing(url).get(("slipway_error_rate", "critical")))
            assert alert["labels"]["endpoint"] == "failing" and alert["labels"]["key"] == "error_rate/failing"
            assert "%" in alert["annotations"]["summary"] and alert["annotations"]["next"].startswith("slipway ")
            # It would be over in minutes if nobody said how long.
            assert alert["endsAt"][:4] > alert["startsAt"][:4]
        until(lambda: ("slipway_error_rate", "critical") not in firing(url))
        assert [one["state"] for one in alerts(server, "--all", "--endpoint", "failing")] == ["resolved"]


def test_slack_gets_a_text(tmp_path):
    with receiver() as chat, watching(tmp_path, CHAT=f"{chat.url}/services/T0/B0/x") as server:
        deploy_failing(server)
        server.slipway("alert", "to", "add", "chat", "--slack", "env:CHAT")
        with Failing(server):
            (first,) = chat.wait_for(1)[:1]
        assert first.path == "/services/T0/B0/x" and list(first.json) == ["text"]
        assert "*critical: error_rate/failing*" in first.json["text"] and "next: `slipway logs" in first.json["text"]
        assert "x-slipway-signature" not in first.headers
