import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { FromWorker, ToWorker } from '../../../../src/facade/cluster/messages.ts';
import { createWorkerRole, SOLE_WORKER, type WorkerHandlers } from '../../../../src/facade/cluster/worker-role.ts';

function started(place = 0) {
  const channel = new EventEmitter() as EventEmitter & { send(message: FromWorker): boolean };
  const sent: FromWorker[] = [];
  channel.send = (message) => sent.push(message) > 0;
  const role = createWorkerRole({ place, workers: 2, isEmbedded: false }, channel);
  const done: string[] = [];
  const handlers: WorkerHandlers = {
    breaker: ({ route, state }) => done.push(`${route} ${state}`),
    health: ({ upstream, check }) => done.push(`${upstream} ${check.result}`),
    kill: (on) => done.push(`kill ${on}`),
    killSettled: () => done.push('settled'),
    reload: () => done.push('reload'),
    stop: () => done.push('stop'),
    measure: () => Promise.resolve([]),
  };
  const hear = (message: ToWorker): void => void channel.emit('message', message);
  return { role, hear, sent, done, handlers };
}

test('what comes before the worker can act on it waits, in order', () => {
  const { role, hear, done, handlers } = started();
  hear({ kind: 'kill', on: true });
  hear({ kind: 'breaker', route: 'leads.get', path: 'gateway', state: 'open' });
  hear({ kind: 'health', upstream: 'gateway', check: { result: 'timeout', tookMs: 5 } });
  expect(done).toEqual([]);
  role.attach(handlers);
  hear({ kind: 'kill-settled' });
  hear({ kind: 'reload' });
  hear({ kind: 'stop' });
  expect(done).toEqual(['kill true', 'leads.get open', 'gateway timeout', 'settled', 'reload', 'stop']);
});

test('what the primary gives to begin with is there before anything is attached', async () => {
  const { role, hear } = started();
  const begin = { kind: 'begin', envFile: { A: '1' }, config: { text: 'routes: []', variables: {} } } as const;
  hear(begin);
  expect(await role.begun).toEqual(begin);
});

test('what it has counted is sent when it is asked; what cannot be read is not', async () => {
  const { role, hear, sent, handlers } = started();
  role.attach(handlers);
  hear({ kind: 'measure' });
  await new Promise(setImmediate);
  expect(sent).toEqual([{ kind: 'measured', metrics: [] }]);
  role.attach({ ...handlers, measure: () => Promise.reject(new Error('no')) });
  hear({ kind: 'measure' });
  await new Promise(setImmediate);
  expect(sent).toHaveLength(1);
});

test('the first place is the one that there is only one of', () => {
  expect([0, 1].map((place) => started(place).role.isFirst)).toEqual([true, false]);
});

test('a facade of one process is the first of one, without a primary', () => {
  expect(SOLE_WORKER).toMatchObject({ isFirst: true, isAlone: true, workers: 1 });
  expect(started().role).toMatchObject({ isAlone: false });
});
