# SPDX-License-Identifier: Apache-2.0
"""What a server refused, as the error that says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import (
    AccessRefused,
    Conflict,
    DeadlineExceeded,
    InputRefused,
    NotFound,
    Overloaded,
    ServerFailed,
    SlipwayError,
)
from .connections import Reply
from .sender import retry_after

KINDS: Mapping[int, type[SlipwayError]] = {
    400: InputRefused,
    401: AccessRefused,
    403: AccessRefused,
    404: NotFound,
    409: Conflict,
    413: InputRefused,
    415: InputRefused,
    429: Overloaded,
    504: DeadlineExceeded,
}


def refusal(reply: Reply) -> SlipwayError:
    """Reads both forms of errors, that of /v1 and that of /v2 (docs/reference/http-api.md)."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        body = None
    message = body.get("title", body.get("error")) if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(message, str):
        said = reply.body[:200].decode("utf-8", "replace").strip()
        return ServerFailed(
            f"The server answered with status {reply.status}{': ' if said else ''}{said}",
            hint="Check that a Slipway server is there, and nothing in between answers for it.",
            status=reply.status,
        )
    wait = retry_after(reply)
    kind = KINDS.get(reply.status, Overloaded if wait is not None else ServerFailed)
    error = kind(
        message,
        hint=body.get("hint", ""),
        code=body.get("code", ""),
        details=_details(body.get("details")),
        status=reply.status,
        prediction_id=reply.headers.get("slipway-prediction-id"),
    )
    if isinstance(error, Overloaded):
        error.retry_after = wait
    return error


def _details(given: Any) -> dict[str, str]:
    if isinstance(given, list):
        given = {part.get("name"): part.get("value") for part in given if isinstance(part, dict)}
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
