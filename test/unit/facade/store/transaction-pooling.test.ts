import { describe, expect, it } from 'vitest';
import { sharesServers, type Probe } from '../../../../src/facade/store/transaction-pooling.ts';

/** Two connections of ours, and which process of the server answers on them. */
function probes(answerOf: (connection: number, statement: number) => number): [Probe, Probe] {
  let statement = 0;
  const probe = (connection: number): Probe => ({ pid: async () => answerOf(connection, statement++) });
  return [probe(0), probe(1)];
}

describe('a connection of ours', () => {
  it.each<[string, (connection: number, statement: number) => number]>([
    ['the last one that became free', () => 700],
    ['one after the other', (_, statement) => 700 + (statement % 3)],
    ['one after the other of many', (_, statement) => 700 + statement],
    ['another one now and then', (connection, statement) => 700 + (statement === 7 ? 9 : connection)],
  ])('shares its server’s where a pooler hands out %s', async (_how, answerOf) => {
    expect(await sharesServers(...probes(answerOf))).toBe(true);
  });

  it('has its server’s for itself without a pooler, and with one in session mode', async () => {
    expect(await sharesServers(...probes((connection) => 700 + connection))).toBe(false);
  });
});
