# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as types: each says what happened, what to do next, and where to read more."""

from __future__ import annotations

from collections.abc import Mapping


class SlipwayError(Exception):
    """Something was refused, or failed, and says why.

    `code` is stable and stands in docs/errors, `hint` says what to do next, `details` has the facts by name
    (`field`, `row`, …), `status` is the HTTP status where a server answered, and `prediction_id` the id of
    the refused prediction.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        details: Mapping[str, str] | None = None,
        status: int | None = None,
        prediction_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.details = dict(details or {})
        self.status = status
        self.prediction_id = prediction_id

    @property
    def docs(self) -> str:
        """The page of the documentation about `code`; empty where there is none."""
        return f"docs/errors/{self.code}.md" if self.code[:1].isupper() else ""

    def __str__(self) -> str:
        line = " ".join(part for part in (self.message, self.hint) if part)
        more = f"\nmore: {self.docs}" if self.docs else ""
        return f"{line} ({self.code}){more}" if self.code else line

    def _render_traceback_(self) -> list[str]:
        """Asked for by notebooks: the way through this package says nothing to whoever called it."""
        return [f"{type(self).__name__}: {self}"]


class InputRefused(SlipwayError):
    """The rows, or the request around them, are not what the endpoint takes."""


class AccessRefused(SlipwayError):
    """There is no token, or it may not do this."""


class NotFound(SlipwayError):
    """There is no such endpoint, model or version."""


class Conflict(SlipwayError):
    """The present state of the platform does not allow it."""


class Overloaded(SlipwayError):
    """More came than can be answered in time. Nothing was computed: asking again later is safe."""

    retry_after: float | None = None


class DeadlineExceeded(SlipwayError):
    """There was no answer in time."""


class ServerFailed(SlipwayError):
    """The server, or the model in it, failed."""


class ServerUnreachable(SlipwayError):
    """No server answers at the address. Nothing was sent."""


class ConnectionLost(SlipwayError):
    """The connection ended before the answer was there: whether it was computed is not known."""


class ModelRefused(SlipwayError):
    """The model, or what was given with it, cannot be packed or deployed as it is."""


class ProgramMissing(SlipwayError):
    """The program `slipway` is not on this machine."""
