import { randomUUID } from 'node:crypto';
import { changedPart } from '../config/rollout.ts';
import type { FlipRecord } from '../rollout/flip.ts';
import type { Notification, NotifiedChange } from './notification.ts';

type RolloutRecord = Extract<FlipRecord, { kind: 'flip' }>;

/** What a line of the history changed, in the operator's words, without what stayed as it was. */
export function changeOf(record: FlipRecord): Omit<NotifiedChange, 'route'> {
  if (record.kind === 'kill-switch') return { from: onOrOff(record.from), to: onOrOff(record.to) };
  const { from, to, against, forced } = record;
  return {
    from: changedPart(to, from),
    to: changedPart(from, to),
    ...(against && { against }),
    ...(forced && { forced }),
  };
}

/** The notifications of one revision: one of all its routes, and one for each change of the kill switch. */
export function notificationsOf(records: readonly FlipRecord[], instance: string): Notification[] {
  const routes = records.filter((record) => record.kind === 'flip');
  const switches = records.filter((record) => record.kind === 'kill-switch');
  return [
    ...(routes[0] ? [flipOf(routes[0], routes, instance)] : []),
    ...switches.map((record): Notification => ({
      ...reasonOf(record, instance),
      event: 'kill_switch',
      ...changeOf(record),
    })),
  ];
}

function flipOf(first: RolloutRecord, all: readonly RolloutRecord[], instance: string): Notification {
  const event = all.every(isRollBack) ? 'roll_back' : 'flip';
  const changes = all.map((record) => ({ route: record.route, ...changeOf(record) }));
  return { ...reasonOf(first, instance), event, ...(changes.length === 1 ? changes[0] : { changes }) };
}

/** By an operator who asked for it, or by the autopilot, which lowers a percentage for no other reason. */
const isRollBack = ({ source, from, to }: RolloutRecord): boolean =>
  source === 'rollback' || (source === 'autopilot' && to.gateway < from.gateway);

const reasonOf = ({ at, who, source, why, revision }: FlipRecord, instance: string) => ({
  id: randomUUID(),
  at: at.toISOString(),
  instance,
  who,
  source,
  why,
  revision,
});

const onOrOff = (on: boolean): string => (on ? 'on' : 'off');
