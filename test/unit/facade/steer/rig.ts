import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { parseConfig } from '../../../../src/facade/config/load.ts';
import type { FacadeConfig } from '../../../../src/facade/config/schema.ts';
import { createLogs } from '../../../../src/http/log.ts';
import type { FlipReason } from '../../../../src/facade/rollout/flip.ts';
import type { RolloutStoreKind } from '../../../../src/facade/steer/diff-file.ts';
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
  close(): void;
}

const ROWS: Record<string, string> = {
  'leads.get': 'direct: GET /integration/leads/:leadId\ngateway: GET /leads/:leadId',
  'leads.create': 'direct: POST /integration/leads\ngateway: POST /leads',
  'tags.list': 'direct: GET /integration/tags\ngateway: GET /tags',
  'me.get': 'direct: GET /integration/me',
};

/** The table with these percentages; a row that is not named is not in it. */
export const table = (percent: Record<string, number>): string =>
  withRows(
    ...Object.entries(percent).map(
      ([id, gateway]) => `id: ${id}\n${ROWS[id]}\nrollout: { gateway: ${gateway} } # ${id}`,
    ),
  );

export const BY_CLI: FlipReason = { source: 'cli', who: 'ana', identity: 'loopback', why: 'a test' };

export function startRig(kind: RolloutStoreKind, text: string, flips?: FlipLog): Rig {
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
  let loaded = '';
  let config: FacadeConfig | undefined;
  let killed = false;
  const load = (next: string): void => {
    const parsed = parseConfig(next, ENV);
    if (!parsed.ok) return;
    loaded = next;
    config = steering.take(parsed.config, next);
  };
  const steering: Steering = new Steering({
    rollouts: kind,
    file,
    variables: () => ENV,
    reload: () => Promise.resolve(load(readFileSync(file, 'utf8'))),
    rebuild: () => load(loaded),
    config: () => config as FacadeConfig,
    killSwitch: () => ({ on: killed, set: (on) => void (killed = on) }),
    log: createLogs('info', sink).log,
  });
  load(text);
  if (flips) void steering.attach(flips);
  return {
    steering,
    file,
    logs,
    rollout: (route) => config?.routes.find(({ id }) => id === route)?.rollout,
    killed: () => killed,
    save: async (next) => {
      writeFileSync(file, next);
      load(next);
      await steering.look();
    },
    text: () => readFileSync(file, 'utf8'),
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}
