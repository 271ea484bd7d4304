# SPDX-License-Identifier: Apache-2.0
"""The client for programs that await: the same answers, many at once, and cancelled when its task is."""

import asyncio
import time

import numpy
import pytest

import slipway
from slipway import errors


def awaiting(server, body, **options):
    async def run():
        async with slipway.AsyncClient(server.url, server.token, **options) as client:
            return await body(client)

    return asyncio.run(run())


def test_many_predictions_at_once(server, table, rows):
    async def ask(client):
        return await asyncio.gather(
            *(
                client.predict("breast-cancer", rows.iloc[position : position + 1])
                for position in range(len(rows))
            )
        )

    predictions = awaiting(server, ask)
    assert [prediction["label"][0] for prediction in predictions] == table["label"].tolist()
    assert len({prediction.id for prediction in predictions}) == len(rows)


def test_errors_have_the_same_types(server, rows):
    async def ask(client):
        with pytest.raises(errors.NotFound, match="breast-cancer"):
            await client.predict("brest-cancer", rows)
        return await client.status(), await client.endpoints(), await client.signature("breast-cancer")

    status, endpoints, signature = awaiting(server, ask)
    assert status["ready"] and endpoints
    assert signature.inputs[0].name == "features"


def test_the_loop_is_free_while_an_answer_is_awaited(server):
    async def ask(client):
        turns = 0
        slow = asyncio.ensure_future(client.predict("slow", numpy.array([300_000])))
        while not slow.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert (await slow)["count"].tolist() == [300_000]
        return turns

    assert awaiting(server, ask) > 10


def test_a_cancelled_task_frees_its_thread_and_its_connection(server, rows):
    async def ask(client):
        task = asyncio.ensure_future(client.predict("slow", numpy.array([3_000_000])))
        await asyncio.sleep(0.1)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        start = time.monotonic()
        # There is one thread only: it is free when this is answered.
        await client.predict("breast-cancer", rows, timeout=20)
        return time.monotonic() - start

    alone = awaiting(server, lambda client: timed(client, numpy.array([3_000_000])))
    assert alone > 0.3, "the slow model is too quick here for this test to show anything"
    assert awaiting(server, ask, concurrency=1) < alone / 2


async def timed(client, steps):
    start = time.monotonic()
    await client.predict("slow", steps)
    return time.monotonic() - start
