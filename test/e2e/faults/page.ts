import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cell, Seen } from './cell.ts';
import type { Answer } from './expected.ts';
import { GROUPS, sideOf } from './situations.ts';

/** docs/reliability.md: what was measured, one table for each group of situations. */

/** A cell as it is written, and the breaker of its route. */
export interface Entry {
  readonly cell: Cell;
  readonly text: string;
}

export function page(rows: readonly { readonly fault: string; readonly entries: readonly Entry[] }[]): string {
  const intro = readFileSync(join(import.meta.dirname, 'reliability.template.md'), 'utf8');
  const tables = GROUPS.map((group, i) => {
    const methods = [...new Set(group.situations.map(({ method }) => method))];
    const hasBreaker = group.situations.every(({ stage }) => stage !== 'passthrough');
    const head = ['Fault', ...methods.map((method) => NAMES[method]), ...(hasBreaker ? ['Breaker'] : [])];
    const lines = rows.map(({ fault, entries }) => {
      const own = entries.filter(({ cell }) => group.situations.includes(cell.situation));
      const texts = methods.map((method) => agreed(own.filter(({ cell }) => cell.situation.method === method)));
      return row([fault, ...texts, ...(hasBreaker ? [breakers(own)] : [])]);
    });
    return [`## ${i + 1}. ${group.title}`, '', group.says, '', row(head), row(head.map(() => '---')), ...lines].join(
      '\n',
    );
  });
  return `${intro.trimEnd()}\n\n${tables.join('\n\n')}\n`;
}

const NAMES = { GET: 'GET', POST: 'POST', PUT: 'PUT, `safety: idempotent`' } as const;

/** One request's end in a few words. */
export function words(seen: Seen, received: Answer['received'], cell: Cell): string {
  const { status, path, outcome, isWhole } = seen;
  const count = received.direct + received.gateway;
  const times = `received ${count}`;
  if (outcome !== undefined) return `${status} ${outcome}, ${times}`;
  if (!isWhole) return `${status} cut, ${times}`;
  if (status === 429) return `429 ${path}, ${times}`;
  if (path === 'direct' && sideOf(cell.situation) === 'gateway') {
    return `${status} direct (failover)${count === 1 ? '' : `, ${times}`}`;
  }
  return `${status} ${path}${received.direct > 1 ? ' (asked again)' : ''}${count === 1 ? '' : `, ${times}`}`;
}

/** Stages that share a column must not differ. */
function agreed(entries: readonly Entry[]): string {
  return [...new Set(entries.map(({ text }) => text))].join(' / ');
}

function breakers(entries: readonly Entry[]): string {
  return [...new Set(entries.map(({ cell }) => (cell.breaker === 'open' ? 'opens' : cell.breaker)))].join(' / ');
}

const row = (cells: readonly string[]): string => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
