import { expect, test } from 'vitest';
import { examineSources } from '../../../../src/c2s/commands/doctor.ts';
import { ENRICHMENT_VARIABLES } from '../../../../src/c2s/enrichment/variables.ts';
import { readEnvironment } from '../../../../src/c2s/environment.ts';
import { startUpstream } from '../../../e2e/kit/upstream.ts';

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:4';

function questionOf(given: Record<string, string>) {
  const read = readEnvironment({});
  if (!read.ok) throw new Error(read.problems.join());
  const variables = ENRICHMENT_VARIABLES.read(ENRICHMENT_VARIABLES.schema.parse(given));
  return { environment: read.environment, variables, now: Date.now };
}

test('sources that are not set are not looked at', async () => {
  expect(await examineSources(questionOf({}))).toEqual([]);
});

test('connects to each source, asks nothing of it, and names the variable of one that is not there', async () => {
  const source = await startUpstream((_, res) => res.end());
  try {
    const found = await examineSources(
      questionOf({
        WORK_API_URL: source.url,
        WORK_API_KEY: 'the-key-of-the-source',
        DIRETRIX_BASE_URL: NOWHERE,
        DIRETRIX_USER: 'user',
        DIRETRIX_PASS: 'pass',
      }),
    );
    expect(found.map(({ subject, state }) => [subject, state])).toEqual([
      ['work api', 'ok'],
      ['diretrix', 'fail'],
    ]);
    expect(found[1]?.remedy).toContain('DIRETRIX_BASE_URL');
    expect(source.received).toEqual([]);
  } finally {
    await source.close();
  }
});
