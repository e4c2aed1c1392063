import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { ActiveConfig } from '../../../../src/facade/compose/active-config.ts';
import { Loader } from '../../../../src/facade/forward/reload.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { createLogs } from '../../../../src/http/log.ts';
import type { FlipReason } from '../../../../src/facade/rollout/flip.ts';
import type { RolloutStoreKind } from '../../../../src/facade/steer/diff-file.ts';
import { createFileGuard, type FlipGuard } from '../../../../src/facade/steer/flip-guard.ts';
import { PendingWrites } from '../../../../src/facade/steer/pending-writes.ts';
import { createRolloutStore } from '../../../../src/facade/steer/rollout-store.ts';
import { KillSwitchFile } from '../../../../src/facade/steer/kill-switch-file.ts';
import { SharedKillSwitch } from '../../../../src/facade/steer/shared-kill-switch.ts';
import { Steering } from '../../../../src/facade/steer/steering.ts';
import type { FlipLog } from '../../../../src/facade/store/flips.ts';
import { ENV, withRows } from '../config/support.ts';

/** One instance: a config file, what serves, and the steering between; without a data plane. */

export interface Rig {
  readonly steering: Steering;
  readonly file: string;
  /** What serves. */
  rollout(route: string): { gateway: number; shadow: number } | undefined;
  readonly killed: () => boolean;
  readonly logs: string[];
  /** Somebody saves the file, and the watcher sees it. */
  save(text: string): Promise<void>;
  text(): string;
  close(): Promise<void>;
}

const ROWS: Record<string, string> = {
  'leads.get': 'direct: GET /integration/leads/:leadId\ngateway: GET /leads/:leadId',
  'leads.create': 'direct: POST /integration/leads\ngateway: POST /leads',
  'tags.list': 'direct: GET /integration/tags\ngateway: GET /tags',
  'me.get': 'direct: GET /integration/me',
};

/** The table with these percentages; a route that is not named is not in it. */
export const table = (percent: Record<string, number>): string =>
  withRows(
    ...Object.entries(percent).map(
      ([id, gateway]) => `id: ${id}\n${ROWS[id]}\nrollout: { gateway: ${gateway} } # ${id}`,
    ),
  );

export const BY_CLI: FlipReason = { source: 'cli', who: 'ana', identity: 'loopback', why: 'a test' };

/** @param guard left out: nothing stands against any flip. */
export function startRig(kind: RolloutStoreKind, text: string, flips?: FlipLog, guard: FlipGuard = () => []): Rig {
  const dir = mkdtempSync(join(tmpdir(), 'steer-'));
  const file = join(dir, 'facade.yaml');
  writeFileSync(file, text);
  const logs: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logs.push(chunk.toString());
      done();
    },
  });
  const { log } = createLogs('info', sink);
  let killed = false;
  const variables = () => ENV;
  const metrics = new Metrics();
  const builder = new RuntimeBuilder(metrics, () => 0);
  const loader = new Loader({ file, pair: CONTACT2SALE, builder, metrics, log, variables });
  const pending = new PendingWrites(log);
  const reload = () => Promise.resolve(void active.load(readFileSync(file, 'utf8')));
  const rollouts = createRolloutStore({ kind, file, variables, reload, pending, log });
  const active: ActiveConfig = new ActiveConfig(loader, rollouts, { text, variables: ENV });
  const local = { set: (on: boolean) => void (killed = on), suspect: () => void (killed = true) };
  const others = { ordered: () => undefined, settled: () => undefined };
  const killSwitch = new SharedKillSwitch({
    local,
    isShared: kind === 'database',
    others,
    file: new KillSwitchFile([join(dir, 'kept')], log),
    log,
  });
  const steering = new Steering({ rollouts, pending, config: () => active.config, killSwitch, guard, log });
  rollouts.guardEdits(createFileGuard(guard, log));
  if (flips) void steering.attach(flips);
  return {
    steering,
    file,
    logs,
    rollout: (route) => active.config.routes.find(({ id }) => id === route)?.rollout,
    killed: () => killed,
    save: async (next) => {
      writeFileSync(file, next);
      active.load(next);
      await steering.look();
    },
    text: () => readFileSync(file, 'utf8'),
    close: async () => {
      await builder.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
