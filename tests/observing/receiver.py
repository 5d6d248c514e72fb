"""A collector that takes OTLP over HTTP, as far as tests need one: it reads what is sent, and can be slow or gone."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.protobuf.text_format import MessageToString
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Heard:
    """A span as a collector hears of it. ``parent`` is empty for the first of a trace."""

    service: str
    name: str
    kind: int
    trace: str
    span: str
    parent: str
    failed: bool
    attributes: dict[str, Any]


@dataclass
class Collector:
    """``late``: seconds after which it answers."""

    url: str = ""
    late: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def text(self) -> str:
        """Everything that was sent, whatever it is, to be searched."""
        return "\n".join(
            MessageToString(ExportTraceServiceRequest.FromString(body), as_utf8=True) for body in list(self.bodies)
        )

    def heard(self) -> list[Heard]:
        return [span for body in list(self.bodies) for span in _spans(body)]


@contextmanager
def collecting(late: float = 0.0) -> Iterator[Collector]:
    collector = Collector(late=late)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf":
                collector.bodies.append(body)
                collector.arrived.set()
            time.sleep(collector.late)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _spans(body: bytes) -> Iterator[Heard]:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        named = {each.key: each.value.string_value for each in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes = {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
                ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
                yield Heard(named["service.name"], span.name, span.kind, *ids, span.status.code == 2, attributes)
