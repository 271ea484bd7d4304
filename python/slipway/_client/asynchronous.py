# SPDX-License-Identifier: Apache-2.0
"""The same client for programs that await."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from .client import RETRIES, TIMEOUT_S, Client
from .connections import Cancellation
from .encoding import about
from .prediction import Prediction
from .signature import Signature

Result = TypeVar("Result")


class AsyncClient:
    """`Client`, with methods to await. Each request has a thread of a small pool for as long as it lasts.

    Why threads: a request waits for a socket with the interpreter's lock released, so 32 threads are as good
    as 32 tasks, and there is one client to trust, without a second HTTP library (httpx takes several times
    as long for a small prediction) and without an HTTP parser of our own. A task that is cancelled shuts its
    connection down: the thread is free at once, and the server drops what it had not begun.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = TIMEOUT_S,
        retries: int = RETRIES,
        concurrency: int = 32,
    ) -> None:
        self._client = Client(url, token, timeout=timeout, retries=retries)
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="slipway")

    @property
    def url(self) -> str:
        return self._client.url

    async def predict(
        self,
        endpoint: str,
        rows: Any,
        *,
        timeout: float | None = None,
        key: str | None = None,
        subject: str | None = None,
    ) -> Prediction:
        cancellation = Cancellation()
        ask = partial(self._client._predict, endpoint, rows, timeout, cancellation, about(key, subject))
        try:
            return await self._run(ask)
        except asyncio.CancelledError:
            cancellation.cancel()
            raise

    async def signature(self, endpoint: str) -> Signature:
        return await self._run(partial(self._client.signature, endpoint))

    async def status(self) -> dict[str, Any]:
        return await self._run(self._client.status)

    async def endpoints(self) -> list[dict[str, Any]]:
        return await self._run(self._client.endpoints)

    async def examples(self, endpoint: str, count: int = 100) -> list[dict[str, Any]]:
        return await self._run(partial(self._client.examples, endpoint, count))

    async def feedback(self, endpoint: str, **label: Any) -> dict[str, Any]:
        return await self._run(partial(self._client.feedback, endpoint, **label))

    async def feedback_batch(self, endpoint: str, rows: Any) -> dict[str, Any]:
        return await self._run(partial(self._client.feedback_batch, endpoint, rows))

    async def quality(self, endpoint: str, by: str = "all") -> dict[str, Any]:
        return await self._run(partial(self._client.quality, endpoint, by))

    async def close(self) -> None:
        await self._run(self._client.close)
        self._threads.shutdown(wait=False)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
