# SPDX-License-Identifier: Apache-2.0
"""Asks endpoints for predictions, from any number of threads at once."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import quote

from ..errors import InputRefused
from .connections import Cancellation, Reply, Request
from .decoding import decoded
from .encoding import about, encoded
from .feedback import one, parts, total
from .prediction import Prediction
from .refusals import refusal
from .sender import Sender
from .server import find
from .signature import Signature

TIMEOUT_S = 30.0
RETRIES = 3


class Client:
    """A server, and the connections to it.

    `url` is the server to talk to; without it that of SLIPWAY_URL, else the one that runs on the data folder
    of this machine, whose token is used as well. Elsewhere give `token`, or set SLIPWAY_TOKEN. `timeout` is
    how many seconds an answer may take, which the server is told; `retries` how often a request is sent again
    that was certainly not computed.

        client = slipway.Client()
        client.predict("churn", frame)["label"]
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = TIMEOUT_S,
        retries: int = RETRIES,
    ) -> None:
        self.timeout = timeout
        self._sender = Sender(lambda: find(url, token), retries)
        self._signatures: dict[str, Signature] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return self._sender.server.url

    def predict(
        self,
        endpoint: str,
        rows: Any,
        *,
        timeout: float | None = None,
        key: str | None = None,
        subject: str | None = None,
    ) -> Prediction:
        """The answers for rows.

        `rows` is a pandas or polars frame, a dictionary of columns or of one row, a list of dictionaries, or,
        where values need no names, an array `[rows, columns]` or whatever shape the endpoint takes. Names are
        matched by the server, in any order; it converts numbers to the model's type where they stay the
        nearest ones, and refuses the rest.

        `key` is what the prediction is about, an order say: labels find it by that. `subject` is whom all rows
        are about: the log keeps them under a key of that one's own, and `slipway erase` destroys it. At most
        200 bytes each.

        Raises InputRefused, NotFound, AccessRefused, Overloaded, DeadlineExceeded, ServerFailed,
        ServerUnreachable or ConnectionLost, all of them SlipwayError.
        """
        return self._predict(endpoint, rows, timeout, None, about(key, subject))

    def signature(self, endpoint: str) -> Signature:
        """What the endpoint takes and answers: names, datatypes and shapes."""
        return self._signature(endpoint, self.timeout, None, fresh=True)

    def status(self) -> dict[str, Any]:
        """What the server is, and what answers there, as docs/reference/http-api.md describes it. Needs a
        token.
        """
        status: dict[str, Any] = self._get("/v1/status")
        return status

    def endpoints(self) -> list[dict[str, Any]]:
        """The endpoints, with their proof, load and settings. Needs a token."""
        endpoints: list[dict[str, Any]] = self._get("/v1/endpoints")
        return endpoints

    def examples(self, endpoint: str, count: int = 100) -> list[dict[str, Any]]:
        """Recorded rows of the version that answers, with their recorded answers, at most 1000. Needs a
        token.
        """
        found: dict[str, Any] = self._get(f"/v1/endpoints/{quote(endpoint, safe='')}/examples?count={count}")
        examples: list[dict[str, Any]] = found["examples"]
        return examples

    def feedback(
        self,
        endpoint: str,
        *,
        prediction_id: str | None = None,
        key: str | None = None,
        label: Any,
        row: int | None = None,
        at: Any = None,
    ) -> dict[str, Any]:
        """Says what turned out to be true of a prediction: `prediction.id`, or the `key` that it was about.

        `label` is a class or a number; of a prediction with several rows a list, one for each row, or one
        label with its `row`. `at` is when it became known. What is returned is on the server's disk: counts,
        of which `joined` or `waiting` is 1. Needs a token.
        """
        body = {"endpoint": endpoint} | one(prediction_id, key, label, row, at)
        return self._feedback(json.dumps(body).encode(), "application/json", "/v1/feedback")

    def feedback_batch(self, endpoint: str, rows: Any) -> dict[str, Any]:
        """The same for many: a pandas or polars frame, a dictionary of columns, or dictionaries, with
        `prediction` or `key`, `label`, and if you like `row` and `at`. Rows without a label are passed over.
        Sent in parts; sending them again changes nothing.
        """
        path = f"/v1/feedback?endpoint={quote(endpoint, safe='')}"
        sum_: dict[str, Any] = {"labels": 0, "accepted": 0, "refused": 0, "problems": []}
        for body, places in parts(rows):
            total(sum_, self._feedback(body, "application/jsonl", path), places)
        return sum_

    def quality(self, endpoint: str, by: str = "all") -> dict[str, Any]:
        """How good the answers were, as docs/reference/http-api.md describes it. Needs a token."""
        report: dict[str, Any] = self._get(f"/v1/endpoints/{quote(endpoint, safe='')}/quality?by={by}")
        return report

    def close(self) -> None:
        self._sender.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"

    def _predict(
        self,
        endpoint: str,
        rows: Any,
        timeout: float | None,
        cancellation: Cancellation | None,
        headers: dict[str, str],
    ) -> Prediction:
        limit = self.timeout if timeout is None else timeout

        def signature() -> Signature:
            return self._signature(endpoint, limit, cancellation)

        asked = encoded(endpoint, rows, limit, signature)
        reply = self._sender.send(asked.request.saying(headers), limit, cancellation)
        if reply.status == 400 and asked.needs_signature:
            # The endpoint may have got another version since its signature was read.
            before, now = signature(), self._signature(endpoint, limit, cancellation, fresh=True)
            if now != before:
                reply = self._sender.send(
                    encoded(endpoint, rows, limit, signature).request.saying(headers), limit, cancellation
                )
        return decoded(_answered(reply), endpoint, asked.index, signature)

    def _signature(
        self, endpoint: str, timeout: float, cancellation: Cancellation | None, fresh: bool = False
    ) -> Signature:
        with self._lock:
            known = self._signatures.get(endpoint)
        if known is not None and not fresh:
            return known
        if not endpoint:
            raise InputRefused(
                "The endpoint has no name.", hint="Name one that `slipway status` shows.", code="REG-005"
            )
        request = Request("GET", f"/v2/models/{quote(endpoint, safe='')}")
        read = Signature.of(_answered(self._sender.send(request, timeout, cancellation)).body)
        with self._lock:
            self._signatures[endpoint] = read
        return read

    def _feedback(self, body: bytes, kind: str, path: str) -> dict[str, Any]:
        request = Request("POST", path, (body,), {"Content-Type": kind})
        answer: dict[str, Any] = json.loads(_answered(self._sender.send(request, max(self.timeout, 300.0))).body)
        return answer

    def _get(self, path: str) -> Any:
        return json.loads(_answered(self._sender.send(Request("GET", path), self.timeout)).body)


def _answered(reply: Reply) -> Reply:
    if reply.status != 200:
        raise refusal(reply)
    return reply
