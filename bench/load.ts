import { parseArgs } from 'node:util';
import { overloadOfPlaces, overloadOfTheLoop } from './load/overload.ts';
import { oversized } from './load/oversized.ts';
import type { Scenario, Verdict } from './load/scenario.ts';
import { slowCallers } from './load/slow-callers.ts';
import { slowloris } from './load/slowloris.ts';
import { steadyRate } from './load/steady-rate.ts';

/**
 * `npm run load [-- --quick] [--only name,name]`: what callers can do to the facade, on loopback, bounded, each with what
 * is promised (docs/operations.md). Exit code 1 when a promise is not kept, 2 when it was asked for what there is not.
 */

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});

/** One after another, but for the slowloris, which needs patience and no CPU. */
const SCENARIOS: readonly Scenario[] = [
  slowloris,
  slowCallers,
  oversized,
  overloadOfPlaces,
  overloadOfTheLoop,
  steadyRate,
];

function chosen(): readonly Scenario[] {
  const names = options.only?.split(',').map((name) => name.trim());
  if (!names) return SCENARIOS;
  const unknown = names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length === 0) return SCENARIOS.filter(({ name }) => names.includes(name));
  console.error(`no scenario ${unknown.join(', ')}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const failure = (error: unknown): Verdict[] => [
  { promise: 'it can be run', measured: error instanceof Error ? error.message : String(error), kept: false },
];

function print({ name }: Scenario, verdicts: readonly Verdict[]): void {
  console.log(`\n${name}`);
  const width = Math.max(...verdicts.map(({ promise }) => promise.length));
  for (const { promise, measured, kept } of verdicts) {
    console.log(
      `  ${kept === undefined ? '?     ' : kept ? 'kept  ' : 'BROKEN'}  ${promise.padEnd(width)}  ${measured}`,
    );
  }
}

const scale = { isQuick: options.quick };
const run = (scenario: Scenario) => scenario.run(scale).catch(failure);
const began = performance.now();
const scenarios = chosen();
const patient = scenarios.includes(slowloris) ? run(slowloris) : undefined;
const all: Verdict[] = [];
for (const scenario of scenarios) {
  const verdicts = scenario === slowloris ? undefined : await run(scenario);
  if (!verdicts) continue;
  print(scenario, verdicts);
  all.push(...verdicts);
}
const last = await patient;
if (last) print(slowloris, last);
all.push(...(last ?? []));
const broken = all.filter(({ kept }) => kept === false).length;
const unjudged = all.filter(({ kept }) => kept === undefined).length;
console.log(
  `\n${all.length} promises, ${broken} broken, ${unjudged} not to be judged on a busy machine, ${((performance.now() - began) / 1_000).toFixed(0)} s`,
);
process.exit(broken === 0 ? 0 : 1);
