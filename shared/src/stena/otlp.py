"""Tells a collector of spans over OTLP (http/protobuf), with OpenTelemetry's SDK. Imported only where there is a collector.

INVARIANT: no call waits for the collector. Spans go into a bounded queue that a thread empties; what does not fit is lost.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from stena.request_id import Kind, Trace

_KINDS: Final[Mapping[Kind, otel.SpanKind]] = {
    "server": otel.SpanKind.SERVER,
    "client": otel.SpanKind.CLIENT,
    "internal": otel.SpanKind.INTERNAL,
}
LAST: Final = 2.0
_NOBODY: Final = otel.set_span_in_context(otel.INVALID_SPAN)


@dataclass(frozen=True, slots=True)
class Begun:
    """``place``'s own collector is there if the span is one that is told of."""

    place: Trace
    span: otel.Span

    def end(self, name: str, attributes: Mapping[str, str | int], *, failed: bool) -> None:
        self.span.update_name(name)
        self.span.set_attributes(dict(attributes))
        if failed:
            self.span.set_status(otel.StatusCode.ERROR)
        self.span.end()


class OtlpCollector:
    """``endpoint`` is where OTLP is taken, without the path of a signal. ``sampler`` and ``share`` as the variables
    ``OTEL_TRACES_SAMPLER`` and ``OTEL_TRACES_SAMPLER_ARG`` have them.

    The SDK reads further variables by their standard names: ``OTEL_EXPORTER_OTLP_HEADERS``, ``OTEL_BSP_…`` and so on.
    """

    def __init__(self, endpoint: str, service: str, sampler: str, share: float) -> None:
        resource = Resource.create({"service.name": service, "service.namespace": "stena"})
        self._provider = TracerProvider(sampler=sampler_of(sampler, share), resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("stena")

    def open(self, kind: Kind, caller: Trace | None, began: int) -> Begun:
        """A span behind ``caller``, or the first of a trace. Whether it is told of is for the sampler to say."""
        behind = _NOBODY if caller is None else otel.set_span_in_context(otel.NonRecordingSpan(_context(caller)))
        span = self._tracer.start_span("call", behind, _KINDS[kind], start_time=began)
        context, told = span.get_span_context(), span.is_recording()
        state = caller.state if caller else ""
        ids = otel.format_trace_id(context.trace_id), otel.format_span_id(context.span_id)
        return Begun(Trace(*ids, told, state, self if told else None), span)

    def close(self) -> None:
        """Send what is left, for ``LAST`` seconds at most: nobody waits at an end for a collector that is gone. Blocks."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(LAST)


def sampler_of(name: str, share: float) -> sampling.Sampler:
    """``share`` of the traces, by their id, so that every service tells of the same ones."""
    ratio = sampling.TraceIdRatioBased(share)
    return {
        "always_on": sampling.ALWAYS_ON,
        "always_off": sampling.ALWAYS_OFF,
        "traceidratio": ratio,
        "parentbased_always_on": sampling.ParentBased(sampling.ALWAYS_ON),
        "parentbased_always_off": sampling.ParentBased(sampling.ALWAYS_OFF),
        "parentbased_traceidratio": sampling.ParentBased(ratio),
    }[name]


def _context(place: Trace) -> otel.SpanContext:
    """Without ``tracestate``: it holds other people's words, and goes on to the next service alone."""
    flags = otel.TraceFlags(otel.TraceFlags.SAMPLED if place.sampled else otel.TraceFlags.DEFAULT)
    return otel.SpanContext(int(place.trace_id, 16), int(place.span_id, 16), True, flags)
