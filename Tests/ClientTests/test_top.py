# SPDX-License-Identifier: Apache-2.0
"""`slipway top` as a person sees it, on a terminal of its own, and as programs do."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time

import pytest
from program import BINARY, ROOT, fetch

LIMIT_S = 60


class Screen:
    """A terminal that knows what `top` needs of one: two screens, and lines that are drawn over."""

    def __init__(self, server, *arguments, size=(24, 130), **variables):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.before, self.seen = termios.tcgetattr(self.slave), b""
        environment = {name: value for name, value in server.environment.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            [BINARY, "top", "--every", "200ms", *arguments], cwd=ROOT, env=environment | {"TERM": "xterm"} | variables,
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True, preexec_fn=self.control)

    def control(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def read(self, patience=0.1):
        while select.select([self.master], [], [], patience)[0]:
            self.seen += os.read(self.master, 1 << 16)
            patience = 0

    def lines(self):
        """What stands there since the last whole drawing."""
        self.read()
        frames = self.seen.decode(errors="replace").split("\x1b[H")
        whole = [frame for frame in frames[1:] if frame.endswith("\x1b[J") or "\x1b[J\x1b[?7h" in frame]
        if not whole:
            return []
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", whole[-1])
        return text.split("\r\n")

    def wait_for(self, what):
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            if found := what(self.lines()):
                return found
            assert self.process.poll() is None, self.seen
        raise AssertionError(self.seen[-3000:])

    def row(self, name):
        """A line of the table by its header's words, once it is there."""

        def found(lines):
            heads = [line for line in lines if line.startswith("ENDPOINT")]
            rows = [line for line in lines if line.startswith(f"{name} ")]
            return heads and rows and dict(zip(re.split(r" {2,}", heads[0]), re.split(r" {2,}", rows[0])))

        return self.wait_for(found)

    def end(self):
        """Waits for the end, and gives the exit code and whether the terminal is as it was."""
        code = self.process.wait(LIMIT_S)
        self.read()
        last = self.seen.rsplit(b"\x1b[J", 1)[1]
        restored = all(sequence in last for sequence in (b"\x1b[?7h", b"\x1b[?25h", b"\x1b[?1049l"))
        return code, restored and termios.tcgetattr(self.slave) == self.before


@pytest.fixture(scope="module")
def asked(server, deploy_fixture):
    """An endpoint that is asked for as long as these tests take."""
    deploy_fixture("fails-when-run")
    name, ended = deploy_fixture("identity-fp32"), threading.Event()

    def ask():
        while not ended.wait(0.005):
            assert fetch(f"{server.url}/v1/endpoints/{name}/predict", {"values": [1, 2, 3]})[0] == 200

    thread = threading.Thread(target=ask)
    thread.start()
    yield name
    ended.set()
    thread.join()


def test_rates_are_live_and_q_leaves_the_terminal_as_it_was(server, asked):
    with Screen(server) as screen:
        screen.wait_for(lambda lines: len(lines) > 1 and "over 0.2 s" in lines[1])
        row = screen.row(asked)
        assert row["ANSWERS"] == f"{asked}@1" and row["STATE"] == "ready" and float(row["REQ/S"]) > 1
        assert re.fullmatch(r"[\d.]+ (µs|ms|s)", row["P99"]) and row["ERRORS/S"] == "0" and row["LOG DROPS"] == "0"
        assert screen.row("fails-when-run")["REQ/S"] == "0"
        assert screen.lines()[-1] == "q ends" and "\x1b[?1049h" in screen.seen.decode()
        # Keys are taken as they come, and not shown.
        assert not termios.tcgetattr(screen.slave)[3] & (termios.ICANON | termios.ECHO)
        os.write(screen.master, b"x")
        screen.row(asked)
        os.write(screen.master, b"q")
        assert screen.end() == (0, True)


@pytest.mark.parametrize("end", [lambda screen: os.write(screen.master, b"\x03"),
                                 lambda screen: screen.process.send_signal(signal.SIGTERM)], ids=["ctrl-c", "sigterm"])
def test_who_is_interrupted_leaves_the_terminal_as_it_was(server, asked, end):
    with Screen(server, asked) as screen:
        screen.row(asked)
        assert not [line for line in screen.lines() if line.startswith("fails-when-run")]
        end(screen)
        assert screen.end() == (130, True)


def test_it_fits_the_window(server, asked):
    with Screen(server, size=(7, 40), NO_COLOR="1") as screen:
        lines = screen.wait_for(lambda lines: [line for line in lines if line.startswith("…")] and lines)
        assert len(lines) == 7 and max(map(len, lines)) <= 40
        assert not re.search(rb"\x1b\[3\dm", screen.seen)
        # The window grows.
        fcntl.ioctl(screen.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        screen.wait_for(lambda lines: not any(line.startswith("…") for line in lines))
        assert screen.row(asked)["REFUSED/S"] == "0"


def test_programs_get_one_look_or_a_look_a_line(server, asked):
    text = server.slipway("top", "--every", "200ms").stdout
    assert "\x1b" not in text and f"{asked}@1" in text
    (line,) = server.slipway("top", asked, "--once", "--format", "json", "--every", "300ms").stdout.splitlines()
    look = json.loads(line)
    (row,) = look["endpoints"]
    assert row["endpoint"] == asked and row["requestsPerSecond"] > 1 and row["p99Microseconds"] > row["p50Microseconds"] > 0
    assert look["requestsPerSecond"] == row["requestsPerSecond"] and 0.2 < look["seconds"] < 30
    command = [BINARY, "top", "--format", "json", "--every", "100ms"]
    with subprocess.Popen(command, env=server.environment, stdout=subprocess.PIPE, text=True) as many:
        times = [json.loads(many.stdout.readline())["time"] for _ in range(3)]
        many.terminate()
    assert times == sorted(set(times))
    assert "REG-003" in server.slipway("top", "nobody", code=3).stderr


def test_status_knows_the_last_minute(server, asked):
    shown = server.slipway("status").stdout
    head, (row,) = shown.splitlines(), [line for line in shown.splitlines() if line.startswith(f"{asked} ")]
    assert head[0].startswith(f"server   {server.url}, version ") and "alerts " in shown
    cells = dict(zip(re.split(r" {2,}", next(line for line in head if line.startswith("ENDPOINT"))), re.split(r" {2,}", row)))
    assert float(cells["REQ/S"]) > 0 and cells["P50"] != "–" and cells["STATE"] == "ready"
    (told,) = [one for one in json.loads(server.slipway("status", "--format", "json").stdout)["endpoints"] if one["name"] == asked]
    assert 0 < told["recent"]["seconds"] < 80 and told["recent"]["answered"] > 0
    assert told["log"]["dropped"] == {} and sum(one["count"] for one in told["durations"]) >= told["recent"]["answered"]
