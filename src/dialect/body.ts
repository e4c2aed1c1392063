import type { Translation } from './result.ts';
export const toGateway = (_r: unknown, b: Buffer, _p: unknown): Translation<Buffer> => ({
  kind: 'ok',
  value: Buffer.from(b.toString().replace('"body"', '"message"')),
});
export const toDirect = (_r: unknown, b: Buffer, _p: unknown): Translation<Buffer> => ({
  kind: 'ok',
  value: Buffer.from(b.toString().replace('"message"', '"body"')),
});
