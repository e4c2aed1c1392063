import { beforeEach, expect, test } from 'vitest';
import { KillSwitchRelay } from '../../../../src/facade/cluster/kill-switch-relay.ts';
import type { ToWorker } from '../../../../src/facade/cluster/messages.ts';
import type { Worker } from '../../../../src/facade/cluster/worker-pool.ts';

/** Orders are passed on; what a worker looked up is remembered for those that come later. */

let workers: { readonly worker: Worker; readonly told: string[] }[];
let relay: KillSwitchRelay;
beforeEach(() => {
  workers = [];
  relay = new KillSwitchRelay((message, but) =>
    workers.filter(({ worker }) => worker !== but).forEach(({ worker }) => worker.handle.send(message)),
  );
});

function born(place: number): Worker {
  const told: string[] = [];
  const send = (message: ToWorker): void =>
    void told.push(message.kind === 'kill' ? (message.on ? 'on' : 'off') : message.kind);
  const handle = { pid: 1, send, onMessage: () => undefined, onExit: () => undefined };
  const worker = { place, handle, bornAt: 0, isReady: true };
  workers.push({ worker, told });
  relay.greet(worker);
  return worker;
}
const died = (worker: Worker): void => void (workers = workers.filter((one) => one.worker !== worker));
const told = () => workers.map((one) => one.told);

test('an order is passed on to all others, and who gave it says when the database has it', () => {
  const [one, two] = [born(0), born(1)];
  relay.heard(one, { kind: 'kill', on: true });
  relay.heard(two, { kind: 'kill', on: false });
  // Of the order that was replaced.
  relay.heard(one, { kind: 'kill-settled' });
  expect(told()).toEqual([['off'], ['on']]);
  relay.heard(two, { kind: 'kill-settled' });
  expect(told()).toEqual([
    ['off', 'kill-settled'],
    ['on', 'kill-settled'],
  ]);
});

test('what a worker found by a look is told to no other, but to one that comes later', () => {
  const [one] = [born(0), born(1)];
  relay.heard(one, { kind: 'killed', on: true });
  expect(told()).toEqual([[], []]);
  born(2);
  expect(told()).toEqual([[], [], ['on', 'kill-settled']]);
  relay.heard(one, { kind: 'killed', on: false });
  born(3);
  expect(told().at(-1)).toEqual([]);
});

test('one that comes while an order is on its way holds to it until the database has it', () => {
  const one = born(0);
  relay.heard(one, { kind: 'kill', on: true });
  born(1);
  expect(told()).toEqual([[], ['on']]);
  relay.heard(one, { kind: 'kill-settled' });
  expect(told()[1]).toEqual(['on', 'kill-settled']);
});

test.each([
  ['found the order in its file holds the others to it', true, ['on', 'on']],
  ['knows nothing of it lets all go by the database again', false, ['on', 'kill-settled']],
])('the successor of one that died with its order and that %s', (_, isFound, others) => {
  const [one] = [born(0), born(1)];
  relay.heard(one, { kind: 'kill', on: true });
  died(one);
  const successor = { ...one };
  if (isFound) relay.heard(successor, { kind: 'kill', on: true });
  relay.greet(successor);
  expect(told()).toEqual([others]);
});
