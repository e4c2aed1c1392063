import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../http/error-code.ts';
import { readText } from '../../http/read-file.ts';
import { compareAnswers } from '../compare/compare.ts';
import type { Comparison } from '../compare/comparison.ts';
import { fixtureSchema, thaw, type Fixture } from '../compare/fixture.ts';
import { groupsOf, type DifferenceGroup } from '../compare/groups.ts';
import { rulesOf } from '../compare/parity-settings.ts';
import type { CompiledRules } from '../compare/rules.ts';
import { DifferenceTally } from '../compare/tally.ts';
import type { ApiPair } from '../rollout/api-pair.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { compileRoutes } from '../rollout/compile.ts';

/**
 * `c2s-facade replay`: compares frozen samples again, offline, by the rules of a config. For trying out a rule before
 * it is deployed, and for CI: a difference that was repaired once must not come back.
 */

interface ReplayOptions {
  readonly config: FacadeConfig;
  readonly pair: ApiPair;
  /** Files, or folders of .json files. */
  readonly paths: readonly string[];
  /** Milliseconds since the epoch: known differences expire. */
  readonly now: number;
  readonly print: (line: string) => void;
}

/** The exit code: 0 when nothing differs but what is known, 1 when something does, 2 when something cannot be read. */
export async function replay({ config, pair, paths, now, print }: ReplayOptions): Promise<0 | 1 | 2> {
  const rules = new Map(rulesOf(config, compileRoutes(config, pair)).map((rule) => [rule.route.id, rule]));
  const compared = new Map<string, Comparison[]>();
  let unreadable = 0;
  for (const file of await filesIn(paths, print)) {
    const fixture = file === undefined ? undefined : await read(file, print);
    const rule = fixture && rules.get(fixture.route);
    if (fixture && !rule) print(`${file}: no route of the config has the id ${fixture.route}`);
    if (!fixture || !rule) {
      unreadable++;
      continue;
    }
    const { control, candidate } = thaw(fixture);
    const comparison = compareAnswers(rule, control, candidate, now);
    compared.set(fixture.route, [...(compared.get(fixture.route) ?? []), comparison]);
  }
  for (const [route, comparisons] of compared) tell(rules.get(route) as CompiledRules, comparisons, now, print);
  if (compared.size === 0 && unreadable === 0) print('no fixtures: name files, or folders that hold .json files');
  if (compared.size === 0 || unreadable > 0) return 2;
  return [...compared.values()].flat().some(({ result }) => result === 'mismatch') ? 1 : 0;
}

/** In the order given, folders by name; undefined for a path that cannot be looked at. */
async function filesIn(paths: readonly string[], print: ReplayOptions['print']): Promise<(string | undefined)[]> {
  const files: (string | undefined)[] = [];
  for (const path of paths) {
    try {
      if (!(await stat(path)).isDirectory()) files.push(path);
      else {
        const names = (await readdir(path)).filter((name) => name.endsWith('.json'));
        files.push(...names.toSorted().map((name) => join(path, name)));
      }
    } catch (error) {
      print(`${path}: cannot be read (${codeOf(error)})`);
      files.push(undefined);
    }
  }
  return files;
}

/** Two answers as text, each of some MiB. */
const MAX_FIXTURE_BYTES = 64 * 1_048_576;

async function read(file: string, print: ReplayOptions['print']): Promise<Fixture | undefined> {
  try {
    const parsed = fixtureSchema.safeParse(JSON.parse(await readText(file, MAX_FIXTURE_BYTES)));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    print(`${file}: is no fixture: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
  } catch (error) {
    print(`${file}: cannot be read (${error instanceof SyntaxError ? 'no JSON' : codeOf(error)})`);
  }
  return undefined;
}

function tell(
  { route, known }: CompiledRules,
  comparisons: readonly Comparison[],
  now: number,
  print: ReplayOptions['print'],
): void {
  const tally = new DifferenceTally();
  for (const comparison of comparisons) tally.add(comparison);
  const count = (result: Comparison['result']) => comparisons.filter((one) => one.result === result).length;
  const parts = (['match', 'ignored', 'mismatch', 'error'] as const).map((result) => `${count(result)} ${result}`);
  print(`${route.id}: ${comparisons.length} fixtures: ${parts.join(', ')}`);
  for (const group of groupsOf(tally, new DifferenceTally(), known, now)) print(`  ${group.text}${noteOn(group)}`);
}

function noteOn({ ledger, isExpired }: DifferenceGroup): string {
  if (!ledger) return '';
  const day = new Date(ledger.expires).toISOString().slice(0, 10);
  return ` (${isExpired ? 'expired' : 'known until'} ${day}, ${ledger.owner}: ${ledger.why})`;
}
