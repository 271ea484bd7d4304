# SPDX-License-Identifier: Apache-2.0
"""Answers the server's messages, one after the other, until it says to shut down or is gone."""

from __future__ import annotations

import faulthandler
import gc
import json
import platform
import signal
import sys
from pathlib import Path

import numpy as np

from .. import __version__
from .._model.calling import Caller
from .._model.descriptor import Descriptor
from .._model.errors import AnswerUnusable, InputRefused, ModelError, ModuleMissing
from .._model.loaders import load
from .cancelling import Cancellation, Cancelled
from .channel import LONGEST_FRAME, Channel, FrameBroken, parse_header
from .messages import MalformedRequest, error, read_tensors, result, tensor_heads, versions
from .recalling import Plans

PROTOCOL = 1


def serve(channel: Channel) -> int:
    """Returns the process's status: 0 when the server is gone or asked for it, 1 when there is no going
    on."""
    # Ctrl-C in the server's terminal is the server's to answer; where a model crashes is for the log to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    worker = Worker(channel)
    try:
        while worker.goes_on:
            received = channel.receive()
            if received is None:
                return 0
            worker.answer(*received)
    except FrameBroken as broken:
        print(f"slipway worker: the server sent {broken}; the connection is closed", file=sys.stderr)
        return 1
    except OSError as gone:
        print(f"slipway worker: the server is gone: {gone}", file=sys.stderr)
        return 0
    finally:
        _flush_log()
    return worker.status


def _flush_log() -> None:
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        # Nobody reads the log any more, or the model has closed it.
        pass


class Worker:
    """One model, from `hello` to `shut_down`."""

    def __init__(self, channel: Channel):
        self.goes_on = True
        self.status = 0
        self._channel = channel
        self._cancellation = Cancellation(channel)
        self._greeted = False
        self._descriptor: Descriptor | None = None
        self._caller: Caller | None = None
        self._heads: list[str] = []
        self._plans = Plans()

    def answer(self, header: str, data: memoryview) -> None:
        """Raises FrameBroken when the header is none."""
        recalled = self._plans.recall(header, data)
        if recalled is not None and self._caller is not None:
            self._run(self._caller, *recalled)
            return
        message = parse_header(header)
        kind = message["kind"]
        if kind == "predict":
            self._predict(header, message, data)
        elif kind == "ping":
            self._channel.send('{"kind":"pong"}')
        elif kind == "hello":
            self._hello(message)
        elif kind == "load":
            self._load(message)
        elif kind == "describe":
            self._describe()
        elif kind == "shut_down":
            self.goes_on = False
        elif kind != "cancel":
            self._channel.send(error("protocol", f"This worker knows no message “{kind}”."))

    def _hello(self, message: dict) -> None:
        if message.get("protocol") != PROTOCOL:
            asked = message.get("protocol")
            self._channel.send(
                error("protocol", f"This worker speaks protocol {PROTOCOL}, and not {asked!r}.")
            )
            return
        self._greeted = True
        hello = {"kind": "hello", "protocol": PROTOCOL, "worker": f"slipway-python {__version__}"}
        self._send({**hello, "language": "python", "runtime": platform.python_version()})

    def _load(self, message: dict) -> None:
        folder, name = message.get("folder"), message.get("descriptor")
        if not self._greeted or not isinstance(folder, str) or not isinstance(name, str):
            self._channel.send(
                error("protocol", "“load” comes after “hello”, with a folder and a descriptor.")
            )
            return
        try:
            descriptor = Descriptor.read(Path(folder, name))
            caller = Caller(descriptor, load(descriptor, folder))
        except ModuleMissing as missing:
            self._leave(error("module_missing", missing, module=missing.module))
        except ModelError as refused:
            self._leave(error("load_failed", refused))
        except BaseException as raised:
            self._leave(error("load_failed", raised))
        else:
            self._descriptor, self._caller = descriptor, caller
            self._heads = tensor_heads(descriptor.outputs)
            # What is loaded stays: the collector need not walk over it in the middle of a request.
            gc.collect()
            gc.freeze()
            self._send({"kind": "loaded", **self._specs(descriptor), "packages": versions()})

    def _describe(self) -> None:
        if self._descriptor is None:
            self._channel.send(error("protocol", "“describe” comes after “load”."))
        else:
            self._send({"kind": "description", **self._specs(self._descriptor)})

    def _predict(self, header: str, message: dict, data: memoryview) -> None:
        identifier = message.get("id")
        if type(identifier) is not int or self._caller is None:
            known = identifier if type(identifier) is int else None
            what = "“predict” comes after “load”, with an integer as its id."
            self._channel.send(error("protocol", what, known))
            return
        inputs = message.get("inputs")
        try:
            tensors = read_tensors(inputs, data)
        except MalformedRequest as malformed:
            self._channel.send(error("protocol", f"The request is malformed: {malformed}.", identifier))
            return
        except MemoryError as raised:
            self._leave(error("failed", raised, identifier))
            return
        self._plans.remember(header, inputs, data)
        self._run(self._caller, identifier, tensors)

    def _run(self, caller: Caller, identifier: int, tensors: dict[str, np.ndarray]) -> None:
        try:
            with self._cancellation.of(identifier):
                answers = caller.predict(tensors)
            header, pieces = result(identifier, self._heads, answers)
            size = sum(map(len, pieces))
            if len(header) + size > LONGEST_FRAME - 4:
                raise AnswerUnusable(
                    f"The answer has {size} bytes, and a message holds {LONGEST_FRAME >> 20} MiB."
                )
        except Cancelled:
            stopped = "The prediction was stopped, as the server asked."
            header, pieces = error("cancelled", stopped, identifier), []
        except InputRefused as refused:
            header, pieces = error("invalid", refused, identifier), []
        except MemoryError as raised:
            self._leave(error("failed", raised, identifier))
            return
        except BaseException as raised:
            header, pieces = error("failed", raised, identifier), []
        self._channel.send(header, pieces)

    def _leave(self, answer: str) -> None:
        """The answer of a process that is of no more use: half a model was loaded, or it has no memory left."""
        self._channel.send(answer)
        self.goes_on, self.status = False, 1

    def _specs(self, descriptor: Descriptor) -> dict[str, object]:
        return {
            "inputs": [spec.json() for spec in descriptor.inputs],
            "outputs": [spec.json() for spec in descriptor.outputs],
        }

    def _send(self, message: dict) -> None:
        self._channel.send(json.dumps(message))
