export type V =
  { kind: 'disguised'; status: number } | { kind: 'unsent' } | { kind: 'unknown'; timeout: boolean } | { kind: 'own' };
export const unwrapGatewayError = (_s: number, _c: unknown, _b: Buffer): V => ({ kind: 'own' }) as V;
export const errorForDialect = (_a: unknown, s: number, ..._r: unknown[]) => ({
  contentType: 'application/json',
  body: Buffer.from(`{"s":${s}}`),
});
export const directErrorToGatewayDialect = (s: number, _c: unknown, _b: Buffer) => ({
  contentType: 'application/json',
  body: Buffer.from(`{"s":${s}}`),
});
