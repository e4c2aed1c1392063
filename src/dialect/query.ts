import type { Translation } from './result.ts';
export const toGatewayQuery = (_r: unknown, q: string): Translation<string> => ({ kind: 'ok', value: q });
