import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An OTLP receiver over HTTP, on loopback: takes spans as a collector does, and keeps them. */

export interface TakenSpan {
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'other';
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: a root. */
  readonly parentSpanId: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly isError: boolean;
  readonly service: string;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: TakenSpan[];
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }[];
  close(): Promise<void>;
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string; readonly boolValue?: boolean };
}
interface WireSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly KeyValue[];
  readonly status?: { readonly code?: number };
}
interface WireTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

/** Numbers of the protocol. */
const KINDS = ['other', 'internal', 'server', 'client'] as const;
const ERROR = 2;

export function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: TakenSpan[] = [];
  const requests: OtlpReceiver['requests'] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      requests.push({ url: req.url ?? '', headers: req.headers, body });
      spans.push(...spansOf(JSON.parse(body) as WireTraces));
      res.setHeader('content-type', 'application/json');
      res.end('{}');
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ url: `http://127.0.0.1:${port}`, spans, requests, close });
    });
  });
}

function spansOf({ resourceSpans }: WireTraces): TakenSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(recordOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, kind, traceId, spanId, parentSpanId = '', links = [], attributes, status }) => ({
        name,
        kind: KINDS[kind] ?? 'other',
        traceId,
        spanId,
        parentSpanId,
        links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
        attributes: recordOf(attributes),
        isError: status?.code === ERROR,
        service,
      })),
    );
  });
}

function recordOf(attributes: readonly KeyValue[]): TakenSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, boolValue } }) => [
      key,
      stringValue ?? boolValue ?? Number(intValue),
    ]),
  );
}

/** The traces as indented lines, `kind name`, in the order in which they began to end. */
export function treesOf(spans: readonly TakenSpan[]): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parent: string, depth: number): string[] =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent)
      .flatMap((span) => [`${'  '.repeat(depth)}${span.kind} ${span.name}`, ...below(span.spanId, depth + 1)]);
  return spans
    .filter(({ parentSpanId }) => !ids.has(parentSpanId))
    .flatMap((root) => [`${root.kind} ${root.name}`, ...below(root.spanId, 1)]);
}
