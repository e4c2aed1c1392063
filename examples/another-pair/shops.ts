import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve, type Served } from '../kit.ts';

/** Two invented shops. They hold the same customers, and agree on nothing but the shape of a customer. */

export interface Shop extends Served {
  /** `GET /v2/customers/7`, one for each request that came. */
  readonly received: string[];
}

interface Customer {
  readonly name: string;
  readonly city: string;
}

const CUSTOMERS: Readonly<Record<string, Customer>> = {
  '7': { name: 'Ana', city: 'Recife' },
  '8': { name: 'Bento', city: 'Olinda' },
};

interface Manners {
  readonly key: (req: IncomingMessage) => boolean;
  readonly prefix: string;
  readonly revision: string;
  readonly created: number;
  readonly nameField: string;
  readonly error: (code: string, text: string) => object;
}

export const startOldShop = (key: string): Promise<Shop> =>
  startShop({
    key: ({ headers }) => headers['x-shop-key'] === key,
    prefix: '/api/v1/customers',
    revision: 'old-1',
    created: 201,
    nameField: 'full_name',
    error: (code, text) => ({ code, text }),
  });

export const startNewShop = (token: string): Promise<Shop> =>
  startShop({
    key: ({ headers }) => headers.authorization === `Bearer ${token}`,
    prefix: '/v2/customer',
    revision: 'new-1',
    created: 200,
    nameField: 'name',
    error: (code, message) => ({ error: { type: code.toLowerCase(), message } }),
  });

async function startShop(manners: Manners): Promise<Shop> {
  const received: string[] = [];
  const shop = await serve((req, res) => {
    received.push(`${req.method} ${req.url}`);
    void answer(manners, req, res);
  });
  return { ...shop, received };
}

async function answer(manners: Manners, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { key, prefix, revision, created, nameField, error } = manners;
  const say = (status: number, body: object): void =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const body = await textOf(req);
  if (!key(req)) return say(401, error('NO_KEY', 'show a key'));
  if (req.method === 'POST') {
    const sent = JSON.parse(body) as Record<string, string>;
    const name = sent[nameField];
    if (name === undefined) return say(422, error('NO_NAME', `${nameField} is missing`));
    return say(created, { id: '9', revision, name, city: sent['city'] ?? '' });
  }
  const id = (req.url ?? '').slice(prefix.length + 1);
  const customer = CUSTOMERS[id];
  return customer ? say(200, { id, revision, ...customer }) : say(404, error('NOT_FOUND', 'no such customer'));
}

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
