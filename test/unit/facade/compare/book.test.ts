import { describe, expect, it } from 'vitest';
import { ParityBook, type EvidenceRow } from '../../../../src/facade/compare/book.ts';
import { compareAnswers } from '../../../../src/facade/compare/compare.ts';
import {
  notRun,
  type PathAnswer,
  type Observation,
  type ObservationKind,
} from '../../../../src/facade/compare/comparison.ts';
import { keepEvidence } from '../../../../src/facade/compare/keep-evidence.ts';
import type { ParityReport } from '../../../../src/facade/compare/report.ts';
import type { VerifyResult } from '../../../../src/facade/compare/verify.ts';
import { answer, forget, json, NOON, READ_BACK, READ_LEAD, ruled, type Ruled } from './support.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ID = 'leads.get';
const SMALL = 'compare: { minSamples: 20, minNoise: 10, ready: { parity: 0.8 } }';

class Trial {
  readonly book: ParityBook;
  readonly ruled: Ruled;
  now = NOON;

  constructor(ruledBy = ruled('', SMALL), instance = 'one') {
    this.ruled = ruledBy;
    this.book = new ParityBook(instance, ruledBy.settings);
    this.book.use(ruledBy.settings, [ruledBy.rules]);
  }

  observe(
    times: number,
    candidate: PathAnswer,
    kind: ObservationKind = 'cross',
    control: PathAnswer = json(RECORD),
  ): void {
    for (let i = 0; i < times; i++) {
      const comparison = compareAnswers(this.ruled.rules, control, candidate, this.now);
      const observation: Observation = { kind, comparison, facts: [] };
      this.book.record(ID, observation, this.now, { control, candidate });
    }
  }

  calibrated(times = 20): this {
    this.observe(times, json(RECORD), 'noise');
    return this;
  }

  get report(): ParityReport {
    return this.book.report(ID, this.now) as ParityReport;
  }
}

const UNSURE = 'not enough data';
const RECORD = { data: { id: 'a', phone: '1', seller: null } };
const SAME = json(RECORD, 'gateway');
const WRONG = json({ data: { id: 'a', phone: null, seller: null } }, 'gateway');

describe('the verdict', () => {
  it('is not enough data while nothing, too little, or no noise was measured', () => {
    const trial = new Trial();
    expect(trial.report.verdict).toMatchObject({ kind: 'not enough data' });
    expect(trial.report.verdict.reasons.map(({ kind }) => kind)).toEqual(['calibration', 'samples']);
    trial.observe(100, SAME);
    expect(trial.report.verdict.text).toBe('not enough data: 0 of 10 comparisons of direct with itself');
    trial.calibrated();
    expect(trial.report.verdict).toEqual({ kind: 'ready', reasons: [], text: 'ready' });
  });

  it('is not ready because of what differs, with the group that weighs most', () => {
    const trial = new Trial().calibrated();
    trial.observe(60, SAME);
    trial.observe(40, WRONG);
    expect(trial.report.counts).toEqual({ match: 60, noisy: 0, mismatch: 40, ignored: 0, error: 0, data: 100 });
    expect(trial.report.verdict.text).toBe(
      'not ready: because 40 of 100 answers differ (parity 60 %, wanted 80 %, most often in /data/phone: type string→null, 40 of 100)',
    );
    expect(trial.report.groups[0]).toMatchObject({ standing: 'fault', noise: { count: 0, of: 20 } });
  });

  it('needs no more samples for what is surely too bad, only to know what differs by itself', () => {
    const rules = ruled('', 'compare: { minSamples: 200, minNoise: 10, ready: { parity: 0.99 } }');
    const trial = new Trial(rules);
    trial.observe(2, SAME);
    trial.observe(89, WRONG);
    expect(trial.report.verdict.kind).toBe('not enough data');
    expect(trial.report.verdict.reasons.map(({ kind }) => kind)).toEqual(['parity', 'calibration', 'samples']);
    trial.calibrated();
    expect(trial.report.verdict.text).toMatch(/^not ready: because 89 of 91 answers differ /);
    // One of two may be chance.
    const early = new Trial(rules).calibrated();
    early.observe(1, SAME);
    early.observe(1, WRONG);
    expect(early.report.verdict.reasons.map(({ kind }) => kind)).toEqual(['samples']);
  });

  it('waits for certainty when the share is good and its interval is not', () => {
    const trial = new Trial(
      ruled('', 'compare: { minSamples: 20, minNoise: 10, ready: { parity: 0.99 } }'),
    ).calibrated();
    trial.observe(100, SAME);
    expect(trial.report.verdict.reasons).toMatchObject([{ kind: 'uncertain' }]);
    expect(trial.report.verdict.kind).toBe('not enough data');
    trial.observe(370, SAME);
    expect(trial.report.verdict.kind).toBe('not enough data');
    trial.observe(1, SAME);
    expect(trial.report.verdict.kind).toBe('ready');
  });

  it('waits where the gateway fails more often, perhaps by chance', () => {
    const trial = new Trial(
      ruled('', 'compare: { minSamples: 20, minNoise: 10, ready: { parity: 0.8, errorRateDelta: 0.01 } }'),
    ).calibrated();
    trial.observe(96, SAME);
    trial.observe(4, answer({ path: 'gateway', status: 503 }));
    expect(trial.report.verdict.text).toBe(
      'not enough data: the gateway fails 4 % more often than direct, perhaps by chance; at most 1 % is wanted',
    );
    trial.observe(1, answer({ path: 'gateway', status: 503 }));
    expect(trial.report.verdict.reasons).toMatchObject([{ kind: 'error_rate' }]);
    trial.observe(400, SAME);
    expect(trial.report.verdict.kind).toBe('ready');
  });

  it('subtracts what differs by itself, and shows it', () => {
    const trial = new Trial();
    trial.observe(10, json({ ...RECORD, at: 1 }), 'noise');
    trial.observe(10, json(RECORD), 'noise');
    trial.observe(50, json({ ...RECORD, at: 1 }, 'gateway'));
    trial.observe(50, SAME);
    expect(trial.report.groups).toMatchObject([
      { path: '/at', standing: 'noise', cross: { count: 50 }, noise: { count: 10 } },
    ]);
    expect(trial.report.noise.differing.value).toBe(0.5);
    expect(trial.report.counts).toMatchObject({ match: 100, noisy: 50, mismatch: 0 });
    expect(trial.report.verdict.kind).toBe('ready');
  });

  it('sees a fault through noise of the same kind, when it is more than that', () => {
    const trial = new Trial();
    trial.observe(4, json({ ...RECORD, at: 1 }), 'noise');
    trial.observe(36, json(RECORD), 'noise');
    trial.observe(90, json({ ...RECORD, at: 1 }, 'gateway'));
    trial.observe(10, SAME);
    expect(trial.report.groups[0]?.standing).toBe('fault');
    expect(trial.report.counts.mismatch).toBe(90);
  });

  it('suspects what is too rare to be proven, and counts it', () => {
    const trial = new Trial().calibrated();
    trial.observe(99, SAME);
    trial.observe(1, WRONG);
    expect(trial.report.groups[0]).toMatchObject({ standing: 'suspect' });
    expect(trial.report.counts.mismatch).toBe(1);
  });

  it('blames failures that direct does not have', () => {
    const trial = new Trial(
      ruled('', 'compare: { minSamples: 20, minNoise: 10, ready: { parity: 0.5, errorRateDelta: 0.05 } }'),
    ).calibrated();
    trial.observe(80, SAME);
    trial.observe(20, answer({ path: 'gateway', status: 503 }));
    const { failures, verdict, groups } = trial.report;
    expect(failures.difference.value).toBeCloseTo(0.2);
    expect(failures.difference.low).toBeGreaterThan(0);
    expect(verdict.reasons).toMatchObject([
      { kind: 'error_rate', text: 'the gateway fails 20 % more often than direct; at most 5 % is wanted' },
    ]);
    expect(groups[0]?.text).toBe('(the answer): failure 200→503, 20 of 100');
  });

  it('blames slowness, and not that of direct', () => {
    const trial = new Trial().calibrated();
    trial.observe(100, { ...SAME, ms: 60 });
    expect(trial.report.latency?.ratio.p95.value).toBeCloseTo(3, 1);
    expect(trial.report.verdict.reasons).toMatchObject([{ kind: 'latency' }]);
    const other = new Trial().calibrated();
    other.observe(100, { ...SAME, ms: 60 }, 'cross', { ...json(RECORD), ms: 60 });
    expect(other.report.verdict.kind).toBe('ready');
  });

  it('is held back by what live traffic shows and no shadow compared', () => {
    const trial = new Trial().calibrated();
    trial.observe(100, SAME);
    trial.book.seen(ID, ['status 200', 'shape /data/seller object', 'status 503', 'form direct only'], trial.now);
    expect(trial.report.coverage.unseen).toEqual(['shape /data/seller object']);
    expect(trial.report.verdict.text).toBe(
      'not ready: because live traffic has what no shadow compared: shape /data/seller object',
    );
    trial.observe(1, SAME, 'cross', json({ data: { ...RECORD.data, seller: {} } }));
    trial.observe(1, json({ data: { seller: { id: 1 } } }, 'gateway'), 'cross', json({ data: { seller: { id: 1 } } }));
    expect(trial.report.verdict.kind).toBe('ready');
  });

  it.each([404, 410, 422])('is not ready by %d on both sides: only errors were compared', (status) => {
    const trial = new Trial().calibrated();
    const [control, candidate] = [answer({ status }), answer({ path: 'gateway', status })];
    trial.observe(2_232, candidate, 'cross', control);
    expect(trial.report.counts).toMatchObject({ match: 2_232, data: 0 });
    expect(trial.report.verdict.text).toBe(
      'not enough data: only errors were compared (or empty answers): 0 of 2,232 comparisons had data on both sides, 20 wanted',
    );
    trial.observe(19, SAME);
    expect(trial.report.verdict.text).toBe(
      'not enough data: 19 of 2,251 comparisons had data on both sides, 20 wanted',
    );
    trial.observe(1, SAME);
    expect(trial.report.verdict.kind).toBe('ready');
  });

  it.each([401, 403, 407])(
    'is not enough data by %d on both sides, and says so; nor is it slow or wrong by it',
    (status) => {
      const trial = new Trial();
      trial.observe(2_232, answer({ path: 'gateway', status, ms: 900 }), 'cross', answer({ status }));
      trial.observe(20, answer({ status }), 'noise', answer({ status }));
      trial.book.seen(ID, [`status ${status}`], trial.now);
      const { counts, errors, latency, failures, coverage, noise, verdict } = trial.report;
      expect(counts).toMatchObject({ match: 0, mismatch: 0, error: 2_232, data: 0 });
      expect([errors, latency, failures.candidate.value, coverage.unseen, noise.samples]).toEqual([
        { refused: 2_232 },
        undefined,
        Number.NaN,
        [],
        0,
      ]);
      expect(verdict.text).toBe(
        'not enough data: 0 of 10 comparisons of direct with itself; 0 of 20 comparisons (2,232 more were not judged, 2,232 of them because neither side was let in (401, 403, 407))',
      );
    },
  );

  it('is not ready where the gateway has no data and direct has', () => {
    const trial = new Trial().calibrated();
    trial.observe(100, answer({ path: 'gateway', status: 404 }));
    expect(trial.report.verdict).toMatchObject({ kind: 'not ready', reasons: [{ kind: 'parity' }] });
  });

  it('is not ready by answers that no caller can read, for a client library left their header', () => {
    const trial = new Trial().calibrated();
    const headers = { 'content-encoding': 'gzip' };
    trial.observe(100, answer({ path: 'gateway', body: JSON.stringify(RECORD), headers }));
    expect(trial.report.verdict.text).toMatch(/^not ready: because 100 of 100 answers differ .*unreadable body/);
  });

  it('says at which pace it would ever be ready, where the route is too quiet for it', () => {
    const strict = 'compare: { minSamples: 20, minNoise: 10, ready: { parity: 0.999 } }';
    const trial = new Trial(ruled('', strict)).calibrated();
    for (let minute = 0; minute < 120; minute++, trial.now += MINUTE) trial.observe(1, SAME);
    expect(trial.report.verdict.reasons).toMatchObject([
      { kind: 'uncertain' },
      {
        kind: 'pace',
        text: 'at 60 comparisons an hour compare.window (24h) never holds the 4,723 that are needed: 197 an hour would do, or a window of 4d',
      },
    ]);
    const patient = new Trial(ruled('', strict.replace('{', '{ window: 7d,'))).calibrated();
    for (let minute = 0; minute < 120; minute++, patient.now += MINUTE) patient.observe(1, SAME);
    expect(patient.report.verdict.reasons.map(({ kind }) => kind)).toEqual(['uncertain']);
  });

  it('is not moved by shadows that could not be run, nor by two failures', () => {
    const trial = new Trial().calibrated();
    trial.observe(100, SAME);
    trial.book.record(ID, { kind: 'cross', comparison: notRun('rate_budget'), facts: [] }, trial.now);
    trial.observe(50, answer({ path: 'gateway', status: 503 }), 'cross', answer({ status: 503 }));
    trial.observe(5, SAME, 'cross', answer({ status: 429 }));
    expect(trial.report.errors).toEqual({ rate_budget: 1, both_failed: 50, rate_limited: 5 });
    expect(trial.report.counts).toMatchObject({ match: 100, error: 56 });
    expect(trial.report.verdict.kind).toBe('ready');
  });
});

describe('a gateway that answers 429 where direct does not', () => {
  const LIMITED = { status: 429 } as const;
  it.each<[string, { gateway: number; direct: number; noise: number }, string, string[]]>([
    ['never', { gateway: 0, direct: 0, noise: 100 }, 'ready', []],
    ['to as few as may fail', { gateway: 1, direct: 0, noise: 100 }, 'ready', []],
    ['to half', { gateway: 100, direct: 0, noise: 100 }, 'not ready', ['error_rate']],
    ['to a tenth', { gateway: 11, direct: 0, noise: 500 }, 'not ready', ['error_rate']],
    ['to a tenth, and direct was asked twice too seldom', { gateway: 11, direct: 0, noise: 20 }, UNSURE, ['uncertain']],
    ['as often as direct itself: the limit of the account', { gateway: 50, direct: 50, noise: 100 }, 'ready', []],
    ['far more often than direct itself', { gateway: 100, direct: 1, noise: 100 }, 'not ready', ['error_rate']],
  ])('%s', (_, { gateway, direct, noise }, kind, reasons) => {
    const trial = new Trial().calibrated(noise);
    trial.observe(direct, answer(LIMITED), 'noise');
    trial.observe(100, SAME);
    trial.observe(gateway, answer({ path: 'gateway', ...LIMITED }));
    const { verdict, counts, failures } = trial.report;
    expect([verdict.kind, verdict.reasons.map((reason) => reason.kind)]).toEqual([kind, reasons]);
    // It is none of the answers that were compared, and no failure.
    expect([counts, failures.candidate.value]).toEqual([expect.objectContaining({ match: 100, error: gateway }), 0]);
  });

  it('is told with its numbers', () => {
    const trial = new Trial().calibrated(100);
    trial.observe(100, SAME);
    trial.observe(60, answer({ path: 'gateway', ...LIMITED }));
    expect(trial.report.verdict.text).toBe(
      'not ready: because the gateway answers 429 to 60 of 160 questions that direct answers; at most 1 % is wanted',
    );
  });
});

describe('the ledger', () => {
  const ledger = `${SMALL}\nknownDifferences:\n  - { route: leads.get, path: /data/phone, kind: type, why: w, owner: o, expires: 2026-12-01 }`;

  it('acts on what was seen before, and no longer once it has expired', () => {
    const trial = new Trial(ruled('', ledger)).calibrated();
    trial.observe(100, WRONG);
    expect(trial.report.counts).toMatchObject({ ignored: 100, mismatch: 0 });
    expect(trial.report.groups[0]).toMatchObject({ standing: 'known', ledger: { owner: 'o', why: 'w' } });
    expect(trial.report.verdict.kind).toBe('ready');
    trial.now = Date.UTC(2026, 11, 1);
    trial.calibrated();
    trial.observe(100, WRONG);
    expect(trial.report.groups[0]).toMatchObject({ standing: 'fault', isExpired: true });
    expect(trial.report.verdict.reasons.map(({ kind }) => kind)).toEqual(['parity', 'expired']);
  });
});

describe('the window', () => {
  it('forgets what is older than it, and keeps hours of what is older than an hour', () => {
    const trial = new Trial().calibrated();
    trial.observe(50, SAME);
    trial.now += 20 * HOUR;
    expect(trial.report.counts.match).toBe(50);
    trial.observe(7, SAME);
    expect(trial.report.counts.match).toBe(57);
    trial.now += 10 * HOUR;
    expect(trial.report.counts.match).toBe(7);
    trial.now += 24 * HOUR;
    expect(trial.report).toMatchObject({ counts: { match: 0 }, window: { from: undefined } });
  });

  it('counts the newest only, once they are enough', () => {
    const trial = new Trial(ruled('', 'compare: { shadows: 100 }'));
    trial.observe(100, WRONG);
    trial.now += 5 * MINUTE;
    trial.observe(100, SAME);
    expect(trial.report.counts).toMatchObject({ match: 100, mismatch: 0 });
  });

  it('begins anew when the rules change, and lives on when only the ledger does', () => {
    const trial = new Trial();
    trial.observe(10, SAME);
    const { settings, rules } = ruled(
      '',
      `${SMALL}\nknownDifferences:\n  - { route: leads.get, path: /a, kind: type, why: w, owner: o, expires: 2026-12-01 }`,
    );
    trial.book.use(settings, [rules]);
    expect(trial.report.counts.match).toBe(10);
    trial.book.use(settings, [ruled('ignore: [$.a]', SMALL).rules]);
    expect(trial.report.counts.match).toBe(0);
    trial.book.use(settings, []);
    expect(trial.book.report(ID, trial.now)).toBeUndefined();
    trial.observe(1, SAME);
    expect(trial.book.reports(trial.now)).toEqual([]);
  });
});

describe('memory', () => {
  it('is bounded: further groups, sets, facts and samples are counted together, and it is told', () => {
    const trial = new Trial();
    for (let i = 0; i < 3_000; i++) {
      const [a, b] = [{ [`k${i % 999}`]: 1, [`l${i % 998}`]: 1 }, {}];
      trial.observe(1, json(b, 'gateway'), 'cross', json(a));
      trial.book.seen(ID, [`fact ${i}`], trial.now);
    }
    const { isCapped, groups, counts, coverage } = trial.report;
    expect(isCapped).toBe(true);
    expect(groups.length).toBeLessThanOrEqual(400);
    expect(counts.mismatch).toBe(3_000);
    expect(coverage.unseen.length).toBeLessThanOrEqual(1_000);
    expect(trial.book.samples(ID).length).toBeLessThanOrEqual(150);
    expect(JSON.stringify(trial.book.takeDirty()).length).toBeLessThan(500_000);
  });

  it('keeps the newest two samples of a group, and none of noise', () => {
    const trial = new Trial();
    for (let i = 0; i < 5; i++) {
      trial.now += 1;
      trial.observe(1, WRONG);
      trial.observe(1, WRONG, 'noise');
    }
    expect(trial.book.samples(ID).map(({ at }) => at - NOON)).toEqual([5, 4]);
    forget(trial.book, ID, trial.now);
    expect(trial.book.samples(ID)).toEqual([]);
  });
});

describe('calibration', () => {
  it('takes half of the shadows at first, and the share of the config from then on', () => {
    const trial = new Trial();
    expect(trial.book.noiseShare(ID)).toBe(0.5);
    trial.calibrated(10);
    expect(trial.book.noiseShare(ID)).toBe(0.2);
  });
});

/** A store in memory that several books share. */
class SharedRows {
  readonly #rows = new Map<string, { row: EvidenceRow; at: number }>();
  #clock = 0;
  isDown = false;

  save(rows: readonly EvidenceRow[]): Promise<void> {
    if (this.isDown) return Promise.reject(new Error('down'));
    for (const row of rows) {
      const stored = JSON.parse(JSON.stringify(row)) as EvidenceRow;
      this.#rows.set(`${row.route} ${row.minute} ${row.instance}`, { row: stored, at: ++this.#clock });
    }
    return Promise.resolve();
  }

  since(mark: string | undefined) {
    const rows = [...this.#rows.values()].filter(({ at }) => at > Number(mark ?? 0)).map(({ row }) => row);
    return Promise.resolve({ rows, mark: String(this.#clock) });
  }

  prune(before: number): Promise<void> {
    for (const [key, { row }] of this.#rows) if (row.minute < before) this.#rows.delete(key);
    return Promise.resolve();
  }
}

describe('several instances', () => {
  const errors: unknown[] = [];
  const keep = (trial: Trial, store: SharedRows) =>
    keepEvidence({
      book: trial.book,
      store,
      every: () => ({ close: () => undefined }),
      now: () => trial.now,
      keepFor: () => 24 * HOUR,
      onError: (error) => errors.push(error),
    });

  it('see the sum, once each, and a restarted one finds what it had', async () => {
    const store = new SharedRows();
    const [one, two] = [new Trial(undefined, 'one'), new Trial(undefined, 'two')];
    const [keepOne, keepTwo] = [await keep(one, store), await keep(two, store)];
    for (let round = 0; round < 3; round++) {
      one.observe(10, SAME);
      two.observe(5, WRONG);
      two.calibrated(10);
      await keepOne.flush();
      await keepTwo.flush();
    }
    await keepOne.flush();
    for (const { report } of [one, two]) {
      expect(report.counts).toMatchObject({ match: 30, mismatch: 15 });
      expect(report.noise.samples).toBe(30);
    }
    // What the other measured calibrates this one too.
    expect(one.book.noiseShare(ID)).toBe(0.2);
    one.observe(1, SAME);
    await keepOne.close();
    const again = new Trial(undefined, 'three');
    await keep(again, store);
    expect(again.report.counts).toMatchObject({ match: 31, mismatch: 15 });
    expect(again.report.groups).toEqual(
      two.report.groups.map((group) => ({
        ...group,
        text: expect.any(String) as string,
        cross: { count: 15, of: 46 },
        p: expect.any(Number) as number,
      })),
    );
  });

  it('do not count what was gathered under other rules, or is not understood', async () => {
    const store = new SharedRows();
    const [one, two] = [new Trial(undefined, 'one'), new Trial(ruled('ignore: [$.x]', SMALL), 'two')];
    one.observe(10, SAME);
    const [row] = one.book.takeDirty();
    one.book.putBack([row as EvidenceRow]);
    await store.save([{ ...(row as EvidenceRow), instance: 'newer', evidence: { v: 2 } as never }]);
    await (await keep(one, store)).flush();
    await keep(two, store);
    expect(two.report.counts.match).toBe(0);
    expect(one.report.counts.match).toBe(10);
  });

  it('forget together, and for good', async () => {
    const store = new SharedRows();
    const [one, two] = [new Trial(undefined, 'one'), new Trial(undefined, 'two')];
    const [keepOne, keepTwo] = [await keep(one, store), await keep(two, store)];
    const flushAll = async () => {
      for (const keeper of [keepOne, keepTwo, keepOne]) await keeper.flush();
    };
    one.observe(10, WRONG);
    two.observe(10, WRONG);
    await flushAll();
    for (const trial of [one, two]) trial.now += 2 * MINUTE;
    await keepOne.forget(one.book.forgetting(ID, one.now) as EvidenceRow);
    await flushAll();
    two.observe(3, SAME);
    await flushAll();
    await flushAll();
    const three = new Trial(undefined, 'three');
    three.now = one.now;
    await keep(three, store);
    for (const { report } of [one, two, three]) expect(report.counts).toMatchObject({ match: 3, mismatch: 0 });
  });

  it('forget what was gathered within the stretch, too, whoever gathered it', async () => {
    const store = new SharedRows();
    const wide = ruled('', SMALL.replace('{', '{ window: 90d,'));
    const [one, two] = [new Trial(wide, 'one'), new Trial(wide, 'two')];
    const [keepOne, keepTwo] = [await keep(one, store), await keep(two, store)];
    for (const trial of [one, two]) trial.observe(10, WRONG);
    for (const keeper of [keepOne, keepTwo]) await keeper.flush();
    // A stretch of such a window is an hour and a half.
    for (const trial of [one, two]) trial.now += 10 * MINUTE;
    await keepOne.forget(one.book.forgetting(ID, one.now) as EvidenceRow);
    for (const keeper of [keepTwo, keepOne]) await keeper.flush();
    one.observe(2, SAME);
    for (const keeper of [keepOne, keepTwo, keepOne]) await keeper.flush();
    const three = new Trial(wide, 'three');
    three.now = one.now;
    await keep(three, store);
    for (const { report } of [one, two, three]) expect(report.counts).toMatchObject({ match: 2, mismatch: 0 });
  });

  it('forget nothing while the store is down: it would be back after a restart', async () => {
    const store = new SharedRows();
    const one = new Trial(undefined, 'one');
    const keeper = await keep(one, store);
    one.observe(10, WRONG);
    await keeper.flush();
    store.isDown = true;
    one.now += MINUTE;
    await expect(keeper.forget(one.book.forgetting(ID, one.now) as EvidenceRow)).rejects.toThrow('down');
    expect(one.report.counts.mismatch).toBe(10);
    store.isDown = false;
    await keeper.forget(one.book.forgetting(ID, one.now) as EvidenceRow);
    const again = new Trial(undefined, 'again');
    again.now = one.now;
    await keep(again, store);
    for (const { report } of [one, again]) expect(report.counts.mismatch).toBe(0);
    expect(one.book.forgetting('unheard.of', NOON)).toBeUndefined();
  });

  it('lose nothing while the store is down', async () => {
    const store = new SharedRows();
    const one = new Trial(undefined, 'one');
    const keeper = await keep(one, store);
    store.isDown = true;
    one.observe(10, SAME);
    await keeper.flush();
    expect(errors).toHaveLength(1);
    store.isDown = false;
    await keeper.flush();
    const two = new Trial(undefined, 'two');
    await keep(two, store);
    expect(two.report.counts.match).toBe(10);
  });
});

describe('writes that are read back', () => {
  const of = (...results: VerifyResult[]) => {
    const { rules, settings } = ruled(
      '',
      '',
      `${READ_BACK.replace('fields: { message: "', 'minSamples: 3, fields: { message: "')}`,
      READ_LEAD,
    );
    const book = new ParityBook('one', settings);
    book.use(settings, [rules]);
    for (const result of results) {
      const missing = result === 'not_arrived' ? ['message'] : [];
      book.readBack(rules.route.id, { result, missing, why: undefined }, NOON);
    }
    return { book, rules, settings, text: (book.report(rules.route.id, NOON) as ParityReport).verdict.text };
  };

  it('have a verdict of their own: enough that arrived, and not one that did not', () => {
    expect(of('arrived', 'cannot_tell', 'arrived').text).toBe('not enough data: 2 of 3 writes read back');
    expect(of('arrived', 'arrived', 'arrived').text).toBe('ready');
    expect(of('arrived', 'not_arrived', 'arrived', 'not_arrived').text).toBe(
      'not ready: because 2 of 4 writes did not arrive as they were asked: message (2)',
    );
  });

  it('are nothing to wait for where none is sampled', () => {
    const { rules, settings } = ruled(
      '',
      '',
      READ_BACK.replace('fields: { message: "', 'sample: 0, fields: { message: "'),
      READ_LEAD,
    );
    const book = new ParityBook('one', settings);
    book.use(settings, [rules]);
    expect(book.report(rules.route.id, NOON)?.readBacks).toBeUndefined();
  });

  it('are summed over instances, and forgotten on request', () => {
    const one = of('arrived', 'not_arrived');
    const rows = one.book.takeDirty();
    const other = of('arrived', 'arrived');
    other.book.absorb(rows.map((row) => ({ ...row, instance: 'two' })));
    expect(other.book.report(one.rules.route.id, NOON)?.readBacks).toMatchObject({ arrived: 3, notArrived: 1 });
    forget(other.book, one.rules.route.id, NOON + 1);
    expect(other.book.report(one.rules.route.id, NOON)?.readBacks).toMatchObject({ arrived: 0, notArrived: 0 });
  });

  it('of a version that did not keep them count as none', () => {
    const { book, rules } = of('arrived');
    const [row] = book.takeDirty() as [EvidenceRow];
    const { readBacks: _, ...evidence } = row.evidence;
    book.absorb([{ ...row, instance: 'two', evidence }]);
    expect(book.report(rules.route.id, NOON)?.readBacks).toMatchObject({ arrived: 1 });
  });
});

it('wants the facts of 25 comparisons a second, and of the first ones after it was told to forget', () => {
  const { book, now } = new Trial();
  const wanted = (at: number): number =>
    Array.from({ length: 150 }, () => book.wantsFacts(ID, at)).filter(Boolean).length;
  expect(wanted(now)).toBe(25);
  expect(book.wantsFacts(ID, now + 999)).toBe(false);
  forget(book, ID, now + 999);
  expect(wanted(now + 999)).toBe(25);
  expect(wanted(now + 1_000)).toBe(25);
  expect(book.wantsFacts('unheard.of', now)).toBe(false);
});
