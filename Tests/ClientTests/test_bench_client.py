# SPDX-License-Identifier: Apache-2.0
"""The load that the benchmark counts with counts right: against a server that answers, refuses and hangs up by plan."""
import collections
import socketserver
import sys
import threading

import pytest
from program import ROOT

sys.path.append(str(ROOT / "Benchmarks" / "serving"))
import client  # noqa: E402

PLAN = {b"good": (200, "OK"), b"busy": (503, "Service Unavailable")}


class Planned(socketserver.StreamRequestHandler):
    """Says what the body asks for; `gone` closes the connection instead."""

    def head(self):
        """Of the next request; nothing where the client has gone."""
        lines = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def handle(self):
        while head := self.head():
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = self.rfile.read(length)
            with self.server.lock:
                self.server.asked[body] += 1
            if body == b"gone":
                return
            status, reason = PLAN[body]
            answer = f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            # In two pieces: an answer need not come in one.
            self.wfile.write(answer[:20])
            self.wfile.write(answer[20:])


@pytest.fixture
def planned():
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
    with Server(("127.0.0.1", 0), Planned) as server:
        server.asked, server.lock = collections.Counter(), threading.Lock()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def drive(server, due):
    requests = [client.request("/", body, {}) for body in (b"good", b"busy", b"gone", b"good")]
    return client.drive(server.server_address, requests, 3, due, lambda index, status, body: (index, body))


def test_each_request_is_answered_refused_or_lost_once(planned):
    answers = drive(planned, client.at_rate(400, 1))
    by_status = collections.Counter(one.status for one in answers)
    assert by_status == {200: 200, 503: 100, 0: 100}
    assert planned.asked == {b"good": 200, b"busy": 100, b"gone": 100}
    assert {one.content for one in answers if one.status} == {(0, b"good"), (1, b"busy"), (3, b"good")}


def test_a_request_counts_from_its_turn(planned):
    answers = drive(planned, client.at_rate(200, 0.5))
    first = min(one.due for one in answers)
    assert sorted(round((one.due - first) * 200) for one in answers) == list(range(100))
    assert all(one.due <= one.sent <= one.arrived for one in answers)


def test_without_a_timetable_the_client_stops_and_waits_for_what_is_out(planned):
    answers = drive(planned, client.without_pause(0.3))
    assert len(answers) == sum(planned.asked.values()) > 3


def test_a_percentile_is_one_of_the_values():
    assert client.percentile(range(1, 101), 0.99) == 99
    assert client.percentile([5], 0.5) == 5
    assert client.percentile([], 0.5) is None
