# SPDX-License-Identifier: Apache-2.0
"""A receiver of OpenTelemetry's protocol over HTTP, which reads what comes with the messages that OpenTelemetry publishes."""

import contextlib
import http.server
import threading
from dataclasses import dataclass, field

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from program import STOP_LIMIT_S


@dataclass
class Receiver:
    url: str
    # Statuses to answer with, first to last; then 200.
    statuses: list = field(default_factory=list)
    # What to say instead of a status alone: headers, and spans that were not taken.
    headers: dict = field(default_factory=dict)
    rejected: int = 0
    # Heads and messages of what was taken.
    heads: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    refused: int = 0
    # Heads and messages of metrics, which are always taken.
    metrics: list = field(default_factory=list)
    # Statuses to answer lines of the log with, first to last; then 200. Messages of those that were taken.
    log_statuses: list = field(default_factory=list)
    logs: list = field(default_factory=list)
    # What has come, whether or not it was answered.
    arrived: int = 0
    # While it is not set, nothing is answered.
    open: threading.Event = field(default_factory=threading.Event)

    def spans(self):
        return [
            span for request in list(self.requests) for resource in request.resource_spans
            for scope in resource.scope_spans for span in scope.spans]

    def lines(self):
        """Of the log."""
        return [
            line for request in list(self.logs) for resource in request.resource_logs for scope in resource.scope_logs
            for line in scope.log_records]

    def trees(self):
        """Spans by their trace."""
        found = {}
        for span in self.spans():
            found.setdefault(span.trace_id.hex(), []).append(span)
        return found


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def facts(span):
    return {one.key: value(one.value) for one in span.attributes}


def told(receiver):
    """The metrics of the newest telling by name, and their resource."""
    _, request = receiver.metrics[-1]
    (one,) = request.resource_metrics
    (scope,) = one.scope_metrics
    found = {metric.name: metric for metric in scope.metrics}
    assert len(found) == len(scope.metrics)
    return found, facts(one.resource)


def resource(receiver):
    return facts(receiver.requests[0].resource_spans[0].resource)


@contextlib.contextmanager
def receiving():
    receiver = Receiver("")
    receiver.open.set()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/metrics":
                request = metrics_service_pb2.ExportMetricsServiceRequest()
                request.ParseFromString(body)
                assert not request.DiscardUnknownFields() and request.resource_metrics
                receiver.metrics.append(({name.lower(): text for name, text in self.headers.items()}, request))
                return self.answer(200, metrics_service_pb2.ExportMetricsServiceResponse())
            if self.path == "/v1/logs":
                request = logs_service_pb2.ExportLogsServiceRequest()
                request.ParseFromString(body)
                assert not request.DiscardUnknownFields() and request.resource_logs
                status = receiver.log_statuses.pop(0) if receiver.log_statuses else 200
                if status == 200:
                    receiver.logs.append(request)
                return self.answer(status, logs_service_pb2.ExportLogsServiceResponse())
            receiver.arrived += 1
            receiver.open.wait(STOP_LIMIT_S)
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            answer = trace_service_pb2.ExportTraceServiceResponse()
            if status == 200:
                request = trace_service_pb2.ExportTraceServiceRequest()
                request.ParseFromString(body)
                assert not request.DiscardUnknownFields() and request.resource_spans
                receiver.heads.append((self.path, {name.lower(): text for name, text in self.headers.items()}))
                receiver.requests.append(request)
                answer.partial_success.rejected_spans = receiver.rejected
            else:
                receiver.refused += 1
            self.answer(status, answer)

        def answer(self, status, message):
            content = message.SerializeToString()
            self.send_response(status)
            for name, text in receiver.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(content)))
            # Whoever has asked may be gone.
            with contextlib.suppress(OSError):
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
