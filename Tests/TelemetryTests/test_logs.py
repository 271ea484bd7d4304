# SPDX-License-Identifier: Apache-2.0
"""The server's log: objects for programs, lines for people, and the id that a caller was told."""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from program import BINARY, MODELS, STOP_LIMIT_S, clean_environment, running, slipway
from telemetry import FAILING, fail, predict, wait_for

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def failing_id(server):
    """The id of a prediction whose model failed."""
    asked = urllib.request.Request(
        f"{server.url}/v2/models/fails/infer", json.dumps(FAILING).encode(), {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=60)
    return refused.value.headers["slipway-prediction-id"]


def test_each_line_is_an_object_with_the_id_that_the_caller_got(tmp_path):
    with running(tmp_path / "server") as server:
        server.slipway("deploy", MODELS / "fails-when-run.onnx", "--name", "fails")
        id = failing_id(server)
        assert predict(server, "nobody", [{}])[0] == 404
        found = lines(server.log)
        for line in found:
            assert re.fullmatch(TIME, line["time"]) and line["level"] in ("info", "warning", "error")
            assert line["message"] and line["logger"] == "slipway" and all(isinstance(text, str) for text in line.values())
        (failed,) = [line for line in found if line["message"] == "prediction failed"]
        assert failed["prediction.id"] == id and failed["error.code"] == "ENG-005" and failed["level"] == "error"
        # What callers do wrong is not for the log, unless somebody asks.
        assert not [line for line in found if line["message"] == "prediction refused"]
        assert server.slipway("logs", "--lines", 1000).stdout == (server.data / "server.log").read_text()
        assert (server.data / "server.log").read_text() == server.log.read_text()


def test_people_read_lines_and_the_file_keeps_objects(tmp_path):
    with running(tmp_path / "server", "--log-format", "text", "--log-level", "debug") as server:
        server.slipway("deploy", MODELS / "fails-when-run.onnx", "--name", "fails")
        id = failing_id(server)
        # Nothing that a caller writes ends the line, or commands the terminal.
        predict(server, "a%1b%5Bc%0Ab", [{}])
        text = server.log.read_text()
        for line in text.splitlines():
            assert re.match(rf"{TIME} (DEBUG|INFO|WARNING|ERROR) +\w", line), line
        assert f"prediction.id={id}" in text and f"  url={server.url}" in text and "\x1b" not in text
        (refused,) = [line for line in lines(server.data / "server.log") if line["message"] == "prediction refused"]
        assert refused["level"] == "debug" and refused["error.code"] == "REG-003" and "prediction.id" in refused
        shown = [json.loads(line) for line in server.slipway("logs").stdout.splitlines()]
        assert shown == lines(server.data / "server.log")[-len(shown):]
        # The same lines, line by line.
        assert len(text.splitlines()) == len(lines(server.data / "server.log"))


def test_a_level_keeps_what_is_below_out(tmp_path):
    with running(tmp_path / "server", "--log-level", "error") as server:
        assert server.log.read_text() == ""
        server.slipway("deploy", MODELS / "fails-when-run.onnx", "--name", "fails")
        assert fail(server)[0] == 500
        assert [line["level"] for line in lines(server.log)] == ["error"]
    assert [line["level"] for line in lines(server.data / "server.log")] == ["error"]


def test_a_terminal_gets_text(tmp_path):
    ours, theirs = os.openpty()
    environment = clean_environment(tmp_path)
    with (tmp_path / "stdout").open("wb") as output:
        process = subprocess.Popen([BINARY, "serve", "--port", "0"], stdout=output, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        seen = b""

        def read():
            nonlocal seen
            seen += os.read(ours, 4096)
            return re.search(rb"INFO +listening +data=", seen)

        wait_for(read, 120, lambda: seen.decode())
        assert b"{" not in seen.split(b"\n")[0]
    finally:
        process.terminate()
        # What a terminal is not read of, its writer waits for.
        deadline = time.monotonic() + STOP_LIMIT_S
        while process.poll() is None and time.monotonic() < deadline:
            try:
                os.read(ours, 4096)
            except OSError:
                break
        try:
            assert process.wait(STOP_LIMIT_S) == 0
        finally:
            process.kill()
            process.wait()
            os.close(ours)
    assert lines(tmp_path / "data" / "server.log")[-1]["message"] == "stopped"


@pytest.mark.parametrize("option, value", [("--log-format", "xml"), ("--log-level", "loud")])
def test_another_word_is_refused(tmp_path, option, value):
    said = slipway("serve", option, value, environment=clean_environment(tmp_path), code=64).stderr
    assert value in said
