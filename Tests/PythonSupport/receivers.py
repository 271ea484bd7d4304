# SPDX-License-Identifier: Apache-2.0
"""What alerts go to in these tests: a server of HTTP that does as it is told, and one of mail."""

import contextlib
import hashlib
import hmac
import http.server
import json
import threading
import time
from dataclasses import dataclass, field

LIMIT_S = 90


def until(what, message="it did not come about"):
    """What `what` gives, once that is something."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError(message() if callable(message) else message)


@dataclass
class Received:
    path: str
    headers: dict
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def event(self):
        return (self.json["event"], self.json["alert"]["key"])


class Receiver:
    """Keeps what it is sent, and answers `status`; `hangs` answers nothing."""

    def __init__(self):
        self.received, self.status, self.location, self.hangs = [], 200, None, False
        self.released = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.received.append(Received(self.path, headers, body))
                if outer.hangs:
                    outer.released.wait(LIMIT_S)
                    self.close_connection = True
                    return
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("location", outer.location)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def events(self):
        return [one.event for one in list(self.received)]

    def wait_for(self, count):
        return until(lambda: len(self.received) >= count and self.received[:],
                     lambda: f"{count} were expected, and came: {self.received}")

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def receiver():
    one = Receiver()
    try:
        yield one
    finally:
        one.close()


def is_signed(received, secret):
    """The documented way to see that a notice comes from whom it says."""
    seconds = received.headers["x-slipway-timestamp"]
    expected = hmac.new(secret, seconds.encode() + b"." + received.body, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - int(seconds)) < 300
    return fresh and hmac.compare_digest(received.headers["x-slipway-signature"], f"v1={expected}")
