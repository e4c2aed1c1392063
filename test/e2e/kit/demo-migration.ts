import { migrate, type Look } from './migration.ts';

/** `npm run demo:migration`: draws the burn-down as it goes; a line for each change where there is no terminal. */

const WIDTH = 30;
const isTerminal = process.stdout.isTTY;
let drawn = 0;

const bar = (share: number): string => {
  const filled = Math.round(share * WIDTH);
  return '█'.repeat(filled) + '·'.repeat(WIDTH - filled);
};
const clock = (at: number): string => new Date(at).toISOString().slice(11, 16);
const percent = (share: number | null): string => `${((share ?? 0) * 100).toFixed(0).padStart(3)} %`;

/** One line of the burn-down: what is left on the old path. */
function burnDownLine({ at, share, stages }: Look): string {
  const counted = Object.entries(stages).filter(([, count]) => count > 0);
  const stageText = counted.map(([stage, count]) => `${count} ${stage}`).join(', ');
  return `${clock(at)}  left on direct ${bar(1 - (share ?? 0))} ${percent(1 - (share ?? 0))}   ${stageText}`;
}

function draw(look: Look): void {
  const routes = look.reports.map(
    ({ route, gateway, phase }) => `${route.padEnd(24)} ${bar(gateway / 100)} ${percent(gateway / 100)}  ${phase}`,
  );
  const lines = [...routes, burnDownLine(look)];
  if (drawn > 0) process.stdout.write(`\x1b[${drawn}A\x1b[J`);
  process.stdout.write(`${lines.join('\n')}\n`);
  drawn = lines.length;
}

const { requests, errors, burnDown, falls } = await migrate((look) => {
  if (isTerminal) draw(look);
  else process.stdout.write(`${burnDownLine(look)}\n`);
});
process.stdout.write('\nThe burn-down, every half hour:\n');
for (const look of burnDown.filter((_, i) => i % 6 === 0 || i === burnDown.length - 1)) {
  process.stdout.write(`${burnDownLine(look)}\n`);
}
process.stdout.write('\nWhat was rolled back:\n');
for (const [route, [fall]] of falls)
  process.stdout.write(`${route}, from ${fall?.from} % to ${fall?.to} %: ${fall?.why}\n`);
process.stdout.write(`\n${requests} requests, ${errors} errors seen by a caller\n`);
