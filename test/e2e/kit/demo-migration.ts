import { migrate } from './migration.ts';
import type { Report } from '../../../src/compare/autopilot/ports.ts';

/** `npm run demo:migration`: draws the burn-down as it goes; a line for each change where there is no terminal. */

const WIDTH = 40;
const isTerminal = process.stdout.isTTY;
const began = Date.now();
let drawn = 0;
let last = '';

function line({ route, phase, gateway }: Report): string {
  const filled = Math.round((gateway / 100) * WIDTH);
  const bar = '█'.repeat(filled) + '·'.repeat(WIDTH - filled);
  return `${route.padEnd(18)} ${bar} ${String(gateway).padStart(3)} %  ${phase}`;
}

function show(reports: readonly Report[]): void {
  const migrated = reports.reduce((sum, { gateway }) => sum + gateway, 0) / Math.max(1, reports.length);
  const lines = [...reports.map(line), `left on direct: ${(100 - migrated).toFixed(0)} %`];
  const state = lines.join('\n');
  if (state === last) return;
  last = state;
  const seconds = ((Date.now() - began) / 1000).toFixed(0).padStart(3);
  if (isTerminal && drawn > 0) process.stdout.write(`\x1b[${drawn}A\x1b[J`);
  process.stdout.write(`${seconds} s\n${state}\n`);
  drawn = lines.length + 1;
}

const { requests, errors, reports } = await migrate(show, 90_000);
for (const { route, phase, why } of reports) if (phase === 'cooling') process.stdout.write(`${route}: ${why}\n`);
process.stdout.write(`${requests} requests, ${errors} errors seen by a caller\n`);
