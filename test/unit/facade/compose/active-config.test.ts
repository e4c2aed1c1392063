import { afterEach, describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { ActiveConfig, type Active } from '../../../../src/facade/compose/active-config.ts';
import { ConfigRefused } from '../../../../src/facade/config/config-refused.ts';
import { laidOver } from '../../../../src/facade/config/rollout.ts';
import type { FacadeConfig } from '../../../../src/facade/config/schema.ts';
import { Loader } from '../../../../src/facade/forward/reload.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import type { AcceptedFile, RolloutStore } from '../../../../src/facade/steer/rollout-store.ts';
import { configText, GET_LEAD } from '../forward/table-fixture.ts';
import { createLogs } from '../../../../src/http/log.ts';
import { Writable } from 'node:stream';

const made: RuntimeBuilder[] = [];
afterEach(() => Promise.all(made.splice(0).map((builder) => builder.close())));

/** Lays one percentage over every route, and tells when it is set. */
class OnePercentage implements RolloutStore {
  readonly accepted: AcceptedFile[] = [];
  #gateway: number | undefined;
  #listener: (() => void) | undefined;

  accept(file: AcceptedFile): void {
    this.accepted.push(file);
  }

  resolve(config: FacadeConfig): FacadeConfig {
    const set = { gateway: this.#gateway };
    return { ...config, routes: config.routes.map((row) => ({ ...row, rollout: laidOver(row.rollout, set) })) };
  }

  subscribe(listener: () => void): void {
    this.#listener = listener;
  }

  set(gateway: number): void {
    this.#gateway = gateway;
    this.#listener?.();
  }

  flip = () => Promise.reject(new Error('nobody flips here'));
  serve = () => undefined;
  guardEdits = () => undefined;
}

const GOOD = configText({ routes: [GET_LEAD] });
const OTHER = configText({ routes: [{ ...GET_LEAD, rollout: { gateway: 40 } }] });

function setUp(text = GOOD) {
  const metrics = new Metrics();
  const builder = new RuntimeBuilder(metrics, () => 0);
  made.push(builder);
  const { log } = createLogs('silent', new Writable());
  const loader = new Loader({ file: 'f', pair: CONTACT2SALE, builder, metrics, log, variables: () => ({}) });
  const rollouts = new OnePercentage();
  const active = new ActiveConfig(loader, rollouts, { text, variables: {} });
  const told: Active[] = [];
  active.subscribe((next) => told.push(next));
  const success = async () => (await metrics.lastReloadSuccess.get()).values[0]?.value;
  return { loader, rollouts, active, told, success };
}

/** Of the config and of the snapshot: they never differ. */
const gatewayOf = ({ config, snapshot }: Active) => [
  config.routes[0]?.rollout.gateway,
  (snapshot.entries[0]?.model.rollout.gateway ?? 0) / 100,
];

describe('the config in force', () => {
  it('is at first the file, with the rollouts in force laid over it', () => {
    const { active, rollouts } = setUp();
    expect(gatewayOf(active.current)).toEqual([25, 25]);
    expect(rollouts.accepted.map(({ text }) => text)).toEqual([GOOD]);
  });

  it('cannot begin with a file that is refused', () => {
    expect(() => setUp('routes: [')).toThrow(ConfigRefused);
  });

  it('follows the file, whose text is accepted before the rollouts are laid over it', () => {
    const { active, told, rollouts } = setUp();
    expect(active.load(OTHER)).toBe(true);
    expect(told.map(gatewayOf)).toEqual([[40, 40]]);
    expect(told[0]).toBe(active.current);
    expect(active.current.source.text).toBe(OTHER);
    expect(rollouts.accepted.map(({ text }) => text)).toEqual([GOOD, OTHER]);
  });

  it('follows the rollouts; the file behind them is no other one', () => {
    const { active, told, rollouts } = setUp();
    const { digest } = active.current.snapshot;
    rollouts.set(50);
    expect(told.map(gatewayOf)).toEqual([[50, 50]]);
    expect(active.current.snapshot.digest).toBe(digest);
    expect(rollouts.accepted).toHaveLength(1);
    active.load(OTHER);
    expect(gatewayOf(active.current)).toEqual([50, 50]);
  });

  it('stays as it is for a file that is refused, which no rollouts hide', async () => {
    const { active, told, rollouts, loader, success } = setUp();
    expect(active.load('routes: [')).toBe(false);
    expect([told, rollouts.accepted.length]).toEqual([[], 1]);
    const refused = loader.lastRefused;
    expect(refused).toBeDefined();
    rollouts.set(50);
    expect(gatewayOf(active.current)).toEqual([50, 50]);
    expect(active.current.source.text).toBe(GOOD);
    expect([loader.lastRefused, await success()]).toEqual([refused, 0]);
    active.load(GOOD);
    expect([loader.lastRefused, await success()]).toEqual([undefined, 1]);
  });
});
