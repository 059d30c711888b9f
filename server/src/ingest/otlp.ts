import { endpoints, QuantumFluxError, type ErrorCode } from '@quantumflux/sdk/protocol';
import { parse } from '@quantumflux/sdk/protocol/schemas';
import type { Type } from 'protobufjs';
import { mediaType, type Ask, type Words, type WriteRoute } from './format.ts';
import { parseJson } from './json.ts';
import { readMetrics } from './otlp-metrics.ts';
import { otlp } from './otlp.proto.ts';
import { metricsRequest } from './otlp.schema.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

/** `POST /v1/metrics` of OTLP over HTTP. Answers come in the encoding of the question. */
export const otlpRoute: WriteRoute = {
  ...endpoints.writeOtlp,
  read: (body, ask) => readMetrics(parse(metricsRequest, decode(body, ask)), Date.now()),
  isPartial: true,
  answer({ refused }, ask) {
    const partialSuccess = refused && { rejectedDataPoints: String(refused.points), errorMessage: refused.message };
    return encode(otlp.response, partialSuccess ? { partialSuccess } : {}, ask);
  },
  refuse: ({ code, message }, ask) => encode(otlp.status, { code: grpcCodes[code] ?? 2, message }, ask),
  // Only 429, 502, 503 and 504 are sent again (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes).
  statuses: { storage_full: 503 },
};

/** https://grpc.io/docs/guides/status-codes/ */
const grpcCodes: Partial<Record<ErrorCode, number>> = {
  invalid_input: 3,
  unsupported_type: 3,
  not_found: 5,
  forbidden: 7,
  too_large: 8,
  rate_limited: 8,
  conflict: 9,
  internal: 13,
  unavailable: 14,
  storage_full: 14,
  unauthenticated: 16,
};

function decode(body: Buffer, ask: Ask): unknown {
  const type = mediaType(ask);
  if (type === JSON_TYPE) return parseJson(body);
  if (type !== PROTOBUF_TYPE) {
    throw new QuantumFluxError('unsupported_type', `The Content-Type must be ${PROTOBUF_TYPE} or ${JSON_TYPE}.`);
  }
  try {
    // The same shape as JSON has: 64 bits as text.
    return otlp.request.toObject(otlp.request.decode(body), { longs: String });
  } catch (cause) {
    throw new QuantumFluxError('invalid_input', 'The body is not a protobuf of ExportMetricsServiceRequest.', {
      cause,
    });
  }
}

function encode(type: Type, message: Record<string, unknown>, ask: Ask): Words {
  if (mediaType(ask) !== PROTOBUF_TYPE) return { type: JSON_TYPE, body: JSON.stringify(message) };
  return { type: PROTOBUF_TYPE, body: type.encode(type.fromObject(message)).finish() };
}
