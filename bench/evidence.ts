import { writeFileSync } from 'node:fs';
import { seededRandom } from '../src/c2s/sandbox/random.ts';
import {
  firstYes,
  firstYesInWindow,
  firstYesOfPairs,
  onceEnough,
  quantileOf,
  shareBy,
  whileFew,
  wrongOnes,
  type Looks,
  type PairChances,
  type SaysYes,
} from './evidence/migrations.ts';
import { drawLooks, PICTURE } from './evidence/plot.ts';
import { blamed, broken, LIMITS, notReady, ready } from './evidence/rules.ts';
import { untilBroken } from './evidence/steps.ts';

/**
 * `npm run evidence`: the figures of docs/parity.md and docs/autopilot.md, and the plot. 10,000 migrations each, seeded. Takes
 * a few minutes, nearly all of it for the steps of the autopilot, of which there are 200.
 */

const MIGRATIONS = 10_000;
const STEPS = 200;
const ASKED = 0.99;
const LOOKS: Looks = { from: 200, to: 5_000 };
const ATTEMPTS: Looks = { from: 1, to: 10_000 };
const random = seededRandom(1);
const RULES = ['anyTime', 'oneLook'] as const;

const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;

function line(name: string, columns: readonly (readonly number[])[], to: number): void {
  const cells = columns.map((first) => {
    const [median, most] = [quantileOf(first, 0.5), quantileOf(first, 0.95)].map((at) => Number(at.toFixed(2)));
    return `ever ${percent(shareBy(first, to))}, median ${median}, 95 % by ${most}`;
  });
  console.log(`| ${[name, ...cells].join(' | ')} |`);
}

function shares(name: string, chances: readonly number[], looks: Looks, yes: readonly SaysYes[]): void {
  console.log(`\n${name}: rule of any time | rule of one look`);
  for (const p of chances) {
    const all = Array.from({ length: MIGRATIONS }, () => wrongOnes(random, p, looks.to));
    line(
      percent(p),
      yes.map((saysYes) => all.map((wrong) => firstYes(wrong, looks, saysYes))),
      looks.to,
    );
  }
}

function pairs(name: string, all: readonly PairChances[]): void {
  console.log(`\n${name}: rule of any time | rule of one look`);
  for (const chances of all) {
    const rules = [blamed.anyTime, blamed.oneLook];
    const first = Array.from({ length: MIGRATIONS }, () =>
      firstYesOfPairs(random, chances, LOOKS, LIMITS.errorRateDelta, rules),
    );
    line(
      JSON.stringify(chances),
      RULES.map((_, i) => first.map((one) => one[i] ?? Infinity)),
      LOOKS.to,
    );
  }
}

function windows(): void {
  console.log('\nready at parity 99 %, by a window that slides; ever after 1, 2, 6, 11 and 31 windows');
  for (const length of [5_000, 20_000]) {
    for (const rule of RULES) {
      const says = onceEnough(ready[rule](ASKED), { from: LOOKS.from, to: length * 1.05 });
      const first = Array.from({ length: 1_000 }, () =>
        firstYesInWindow(random, 1 - ASKED, length, 31, LOOKS.from, says),
      );
      console.log(`| ${length} ${rule} | ${[1, 2, 6, 11, 31].map((by) => percent(shareBy(first, by))).join(' | ')} |`);
    }
  }
}

function steps(): void {
  console.log('\nsteps of the autopilot, 1 attempt a second on the gateway, 19 on direct; in holds of half an hour');
  for (const [fails, direct, goodHolds] of [
    [0.01, 0.005, 0],
    [0.005, 0, 0],
    [0.015, 0.005, 0],
    [0.025, 0.005, 0],
    [0.05, 0.005, 2],
    [0.02, 0, 2],
  ] as const) {
    const served = { gateway: [5, fails], direct: [95, direct], goodHolds } as const;
    const first = Array.from({ length: STEPS }, () => untilBroken(random, served, 5));
    line(
      JSON.stringify(served),
      RULES.map((rule) => first.map((one) => one[rule])),
      5,
    );
  }
}

shares(
  'ready, asked 0.99, by the true share of mismatches',
  [0.01, 0.001, 0.005],
  LOOKS,
  RULES.map((rule) => onceEnough(ready[rule](ASKED), LOOKS)),
);
shares(
  'not ready, asked 0.99',
  [0.012, 0.015, 0.02, 0.05],
  LOOKS,
  RULES.map((rule) => whileFew(notReady[rule](ASKED), LOOKS)),
);
shares(
  'a gate that allows 0.5 %',
  [0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.25],
  ATTEMPTS,
  RULES.map((rule) => whileFew(broken[rule](0.005), ATTEMPTS)),
);
pairs('both fail alike', [
  { onlyA: 0.01, onlyB: 0.01, both: 0 },
  { onlyA: 0.02, onlyB: 0.02, both: 0 },
  { onlyA: 0.005, onlyB: 0.005, both: 0.05 },
]);
pairs('the gateway fails more often', [
  { onlyA: 0, onlyB: 0.015, both: 0 },
  { onlyA: 0, onlyB: 0.02, both: 0 },
  { onlyA: 0, onlyB: 0.03, both: 0 },
  { onlyA: 0, onlyB: 0.05, both: 0 },
  { onlyA: 0.002, onlyB: 0.022, both: 0.05 },
  { onlyA: 0.002, onlyB: 0.032, both: 0.05 },
  { onlyA: 0.01, onlyB: 0.03, both: 0 },
  { onlyA: 0.01, onlyB: 0.06, both: 0 },
]);
windows();
writeFileSync(PICTURE, drawLooks());
steps();
