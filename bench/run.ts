import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { judge } from './kit/bounds.ts';
import { LoadGenerator } from './kit/load.ts';
import { json, printed } from './kit/report.ts';
import { measure, planFor } from './kit/rounds.ts';
import { SUBJECTS, type Running, type Subject } from './kit/subjects.ts';
import { startUpstream } from './kit/upstream.ts';

/**
 * `npm run bench -- [--quick] [--only name,name] [--json file]`: the facade beside its peers. docs/performance.md says
 * what the figures mean. Exit code 1 when the facade misses a bound, 2 when it was asked for what it cannot do.
 */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});

const tell = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

function chosen(): readonly Subject[] {
  if (!options.only) return SUBJECTS;
  const names = options.only.split(',');
  const unknown = names.filter((name) => !SUBJECTS.some((subject) => subject.name === name));
  if (unknown.length > 0) {
    console.error(`no subject ${unknown.join(', ')}; there are ${SUBJECTS.map((s) => s.name).join(', ')}`);
    process.exit(2);
  }
  return SUBJECTS.filter((subject) => names.includes(subject.name));
}

/** Starts what can be started; a subject that cannot is a row that says why, not the end of the bench. */
async function startAll(subjects: readonly Subject[], upstreamUrl: string) {
  const running = new Map<Subject, Running>();
  const absent = new Map<Subject, string>();
  for (const subject of subjects) {
    tell(`starting ${subject.name}`);
    const missing = subject.missing();
    if (missing) {
      absent.set(subject, missing);
      continue;
    }
    try {
      running.set(subject, await subject.start(upstreamUrl));
    } catch (error) {
      absent.set(subject, `failed: ${(error as Error).message}`);
    }
  }
  return { running, absent };
}

async function main(): Promise<number> {
  const subjects = chosen();
  const upstream = await startUpstream('upstream.ts');
  const load = new LoadGenerator();
  const { running, absent } = await startAll(subjects, upstream.url);
  const plan = planFor(running.size, options.quick ? 15 : 170, options.quick ? 3 : 5);
  const measured = await measure(load, running, plan, tell);
  await Promise.all([load, upstream, ...running.values()].map((one) => one.stop()));
  tell('');
  const outcome = { measured, absent, bounds: judge(measured), plan };
  console.log(printed(outcome));
  if (options.json) writeFileSync(options.json, `${json(outcome)}\n`);
  const broken = [...absent].filter(([subject, why]) => subject.kind === 'facade' && why.startsWith('failed'));
  return broken.length > 0 || outcome.bounds.some(({ met, beyondReach }) => !met && !beyondReach) ? 1 : 0;
}

if (existsSync('/proc/self/stat')) process.exit(await main());
console.error('The bench reads the CPU time of its subjects from /proc: it needs Linux.');
process.exit(2);
