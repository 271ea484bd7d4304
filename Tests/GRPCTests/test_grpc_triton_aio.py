# SPDX-License-Identifier: Apache-2.0
"""tritonclient over gRPC with asyncio, and streams of both."""

import asyncio
import queue

import numpy
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio
from test_grpc_triton import ROWS, tensor
from tritonclient.utils import InferenceServerException


def run(address, work):
    async def connected():
        async with triton.aio.InferenceServerClient(address) as client:
            return await work(client)

    return asyncio.run(connected())


def test_asyncio_predicts_and_asks(any_address):
    async def work(client):
        assert await client.is_server_live() and await client.is_server_ready()
        assert await client.is_model_ready("echo") and not await client.is_model_ready("nobody")
        assert (await client.get_server_metadata()).name == "slipway"
        assert (await client.get_model_metadata("echo")).inputs[0].name == "values"
        answers = await asyncio.gather(
            *(client.infer("echo", [tensor("values", ROWS + index)], request_id=str(index)) for index in range(50))
        )
        for index, answer in enumerate(answers):
            assert answer.get_response().id == str(index)
            numpy.testing.assert_array_equal(answer.as_numpy("same"), ROWS + index)

    run(any_address, work)


def test_asyncio_cancels_and_goes_on(address):
    async def work(client):
        steps = tensor("steps", numpy.array([1_000_000], numpy.int64), "INT64")
        tasks = [asyncio.create_task(client.infer("slow", [steps])) for _ in range(4)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, (asyncio.CancelledError, InferenceServerException)) for end in ended)
        answer = await client.infer("echo", [tensor("values", ROWS)])
        numpy.testing.assert_array_equal(answer.as_numpy("same"), ROWS)

    run(address, work)


def test_asyncio_streams(address):
    async def requests():
        for index in range(30):
            name = "nobody" if index % 10 == 9 else "echo"
            yield {"model_name": name, "inputs": [tensor("values", ROWS + index)], "request_id": str(index)}

    async def work(client):
        seen = []
        async for result, error in client.stream_infer(requests()):
            if error is None:
                index = int(result.get_response().id)
                numpy.testing.assert_array_equal(result.as_numpy("same"), ROWS + index)
                seen.append(index)
            else:
                seen.append("error")
                assert "nobody" in error.message()
        return seen

    seen = run(address, work)
    assert seen == ["error" if index % 10 == 9 else index for index in range(30)]


def test_asyncio_errors_have_their_status(address):
    async def work(client):
        with pytest.raises(InferenceServerException) as caught:
            await client.infer("nobody", [tensor("values", ROWS)])
        return caught.value.status()

    assert run(address, work) == "StatusCode.NOT_FOUND"


# Streams


@pytest.fixture
def streaming(client):
    """A client whose stream's answers are in a queue."""
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    yield client, answers
    client.stop_stream()


def test_a_stream_answers_in_order(streaming):
    client, answers = streaming
    for index in range(100):
        client.async_stream_infer("echo", [tensor("values", ROWS + index)], request_id=str(index))
    for index in range(100):
        result, error = answers.get(timeout=120)
        assert error is None and result.get_response().id == str(index)
        numpy.testing.assert_array_equal(result.as_numpy("same"), ROWS + index)


def test_an_error_does_not_end_the_stream(streaming):
    client, answers = streaming
    for name in ["nobody", "echo", "echo"]:
        rows = ROWS if name == "nobody" or answers.empty() else ROWS[:, :2]
        client.async_stream_infer(name, [tensor("values", rows)])
        result, error = answers.get(timeout=120)
        assert (error is None) == (name == "echo")
        if error:
            assert "nobody" in error.message()
    client.async_stream_infer("echo", [tensor("values", ROWS[:, :2])])
    assert "values" in answers.get(timeout=120)[1].message()
    client.async_stream_infer("echo", [tensor("values", ROWS)])
    assert answers.get(timeout=120)[1] is None


def test_a_stream_goes_to_several_models_and_of_several_sizes(streaming):
    client, answers = streaming
    large = numpy.arange(2 << 20, dtype=numpy.float32).reshape(1, -1)
    client.async_stream_infer("scale", [tensor("values", large)])
    client.async_stream_infer("echo", [tensor("values", ROWS)])
    numpy.testing.assert_array_equal(answers.get(timeout=60)[0].as_numpy("doubled"), large * 2)
    numpy.testing.assert_array_equal(answers.get(timeout=120)[0].as_numpy("same"), ROWS)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_a_stream_may_be_compressed(client, algorithm):
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), compression_algorithm=algorithm)
    client.async_stream_infer("echo", [tensor("values", numpy.repeat(ROWS, 500, axis=0))])
    result, error = answers.get(timeout=120)
    client.stop_stream()
    assert error is None
    numpy.testing.assert_array_equal(result.as_numpy("same"), numpy.repeat(ROWS, 500, axis=0))


def test_a_stream_that_nobody_waits_for_may_be_stopped(client):
    client.start_stream(lambda result, error: None)
    steps = tensor("steps", numpy.array([500_000], numpy.int64), "INT64")
    for _ in range(5):
        client.async_stream_infer("slow", [steps])
    client.stop_stream(cancel_requests=True)
    numpy.testing.assert_array_equal(client.infer("echo", [tensor("values", ROWS)]).as_numpy("same"), ROWS)


def test_the_final_answer_is_marked_where_it_is_asked_for(streaming):
    """Triton's way to tell a model of many answers that it was the last: ours gives one."""
    client, answers = streaming
    client.async_stream_infer("echo", [tensor("values", ROWS)], enable_empty_final_response=True)
    result, error = answers.get(timeout=120)
    assert error is None
    assert result.get_response().parameters["triton_final_response"].bool_param
