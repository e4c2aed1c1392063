import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Opened } from './kit/load.ts';
import { startProcess } from './kit/process.ts';
import { until } from './kit/upstream.ts';

/** The walk of docs/migration.md: its commands in their order, on a sandbox with traffic, say what the page shows. */

const opened = new Opened();
afterAll(opened.closeAll);

interface Step {
  readonly argv: readonly string[];
  /** As the page shows them. */
  readonly lines: readonly string[];
}

function stepsOf(page: string): Step[] {
  const section = page.slice(page.indexOf('## A walk on the sandbox'), page.indexOf('## 0 ·'));
  const steps: Step[] = [];
  for (const line of section.split('\n')) {
    const [, command] = /^ {4}\$ c2s-facade (.+)$/.exec(line) ?? [];
    const shown = /^ {4}(.*\S)$/.exec(line)?.[1];
    if (command !== undefined) {
      const argv = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
      steps.push({ argv, lines: [] });
    } else if (shown !== undefined && steps.length > 0) {
      const last = steps.pop() as Step;
      steps.push({ ...last, lines: [...last.lines, shown] });
    }
  }
  return steps;
}

/** What changes from run to run is made the same: numbers, times, who, widths of columns. */
const alike = (line: string): string =>
  line
    .replace(/\S+ \(cli\)/, 'WHO')
    .replace(/-?\d[\d.,:TZ-]*/g, 'N')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** Evidence grows while the walk goes on: of it the verdict, and the difference that the sandbox makes, are the same. */
const isEvidence = (line: string): boolean =>
  /parity:|because |compared since|of them with data|beyond|^p\d\d /.test(line);

test('each command of the page prints what the page shows', async () => {
  const steps = stepsOf(readFileSync('docs/migration.md', 'utf8'));
  expect(steps.length).toBeGreaterThanOrEqual(9);
  const facade = opened.keep(
    startProcess({
      args: ['--traffic'],
      env: { C2S_TOKEN: undefined, FACADE_TOKENS: undefined, FACADE_CONFIG: undefined },
    }),
  );
  const { adminUrl } = await facade.ready();
  const run = ({ argv }: Step): Promise<string> =>
    new Promise((done) => {
      const args = [resolve('src/c2s/cli/main.ts'), ...argv, '--admin', adminUrl];
      const options = { cwd: facade.dir, env: { PATH: process.env['PATH'] } };
      execFile(process.execPath, args, options, (_error, out, err) => done(`${err}${out}`));
    });
  for (const step of steps) {
    const wanted = step.lines.filter((line) => !isEvidence(line)).map(alike);
    const missing = async (): Promise<string[]> => {
      const printed = (await run(step)).split('\n').map(alike);
      return wanted.filter((line) => !printed.includes(line));
    };
    if (step.argv[0] !== 'parity') expect(await missing(), step.argv.join(' ')).toEqual([]);
    // Evidence comes by and by.
    else
      await until(async () => (await missing()).length === 0, `${step.argv.join(' ')} shows ${wanted.join()}`, 120_000);
  }
}, 300_000);
