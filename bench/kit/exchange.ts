/** The one exchange that every subject carries: a lead read by its id, with the headers that real clients and servers send. */

export const CONNECTIONS = 32;
/** Of invented callers; it is worth nothing outside of a bench. */
export const CALLER_TOKEN = 'bench-caller-token-0123456789abcdef';

/** 64 ids, so that a split by lead has both sides to choose. Spread by a multiplication, not counted up, as real ids are. */
export const LEAD_IDS: readonly string[] = Array.from({ length: 64 }, (_, i) =>
  ((BigInt(i + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n) & ((1n << 128n) - 1n)).toString(16).padStart(32, '0'),
);

export const leadPath = (id: string) => `/integration/leads/${id}`;

/** Bytes of one request, ready for a socket. */
export function requestBytes(id: string): Buffer {
  return Buffer.from(
    `GET ${leadPath(id)} HTTP/1.1\r\n` +
      'Host: facade.example\r\n' +
      'Connection: keep-alive\r\n' +
      `Authorization: Bearer ${CALLER_TOKEN}\r\n` +
      'Accept: application/json\r\n' +
      'Accept-Encoding: identity\r\n' +
      'User-Agent: lead-sync/2.4\r\n' +
      '\r\n',
    'latin1',
  );
}

export const BODY_BYTES = 867;

function lead(description: string): string {
  return JSON.stringify({
    data: {
      id: 'bf1a88eaa4ab34b01a257536563fb42b',
      type: 'lead',
      attributes: {
        description,
        created_at: '2026-11-02T13:04:05-03:00',
        updated_at: '2026-11-02T13:09:41-03:00',
        customer: { id: '4711', name: 'Fulano de Tal', email: 'fulano@example.com', phone: '11900000000' },
        product: {
          id: '88',
          description: 'Apartamento, 2 quartos',
          prop_ref: 'AP-0088',
          price: '640000',
          city: 'Centro',
        },
        seller: { id: '12', name: 'Beltrana', email: 'beltrana@example.com' },
        lead_source: { id: '3', name: 'Site' },
        channel: { name: 'Internet' },
        lead_status: { id: '2', alias: 'em_negociacao', name: 'Em negociacao' },
        done_details: { done: false },
        archive_details: { archived: false },
        messages: [],
        log: [],
      },
    },
  });
}

/** A lead as Contact2Sale answers it, its description padded so that the body has exactly {@link BODY_BYTES} bytes. */
export const BODY = lead('.'.repeat(BODY_BYTES - lead('').length));

/** What the upstream, and the subject that answers by itself, send beside the body. */
export const ANSWER_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['Content-Type', 'application/json; charset=utf-8'],
  ['Content-Length', String(BODY_BYTES)],
  ['ETag', 'W/"0b5d6f0a1c2e4d7f"'],
  ['Cache-Control', 'max-age=0, private, must-revalidate'],
  ['X-Runtime', '0.004211'],
  ['Vary', 'Accept'],
  ['X-Correlation', '5f0c1b2e-8a4d-4c1e-9b57-2d6f3a7c9e10'],
];
