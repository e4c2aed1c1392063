import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from '../../src/c2s/gateway/index.ts';
import type { Gateway } from '../../src/c2s/gateway/index.ts';
import { startContact2Sale } from '../../src/c2s/sandbox/index.ts';
import type { SandboxContact2Sale } from '../../src/c2s/sandbox/index.ts';
import { CASES } from './cases.ts';
import { runCase } from './run-case.ts';

/**
 * The contract of the gateway, case by case, over the stand-in for Contact2Sale. What the Python gateway does of it is
 * in docs/wire/gateway.md.
 *
 * Another gateway can be put in its place: start it on loopback with C2S_BASE_URL=http://127.0.0.1:4010 and
 * C2S_TOKEN=contract-token, then `GATEWAY_UNDER_TEST=http://127.0.0.1:8000 npx vitest run test/contract`. Its
 * differences are listed case by case and fail nothing: they are what one wants to know. Cases that wait for its
 * deadline run only with GATEWAY_SLOW_CASES=1, as they may take half a minute each.
 */
const other = process.env['GATEWAY_UNDER_TEST'];
const TOKEN = 'contract-token';
const OTHERS_C2S_PORT = 4010;

let c2s: SandboxContact2Sale;
/** Ours, and the same with a deadline so short that silence is not worth waiting for. */
let gateway: Gateway | undefined;
let hasty: Gateway | undefined;
const found: { case: string; differences: readonly string[] }[] = [];

beforeAll(async () => {
  c2s = await startContact2Sale({ token: TOKEN, port: other ? OTHERS_C2S_PORT : 0 });
  if (other) return;
  const options = { port: 0, c2sBaseUrl: c2s.url, c2sToken: TOKEN };
  gateway = await startGateway(options);
  hasty = await startGateway({ ...options, deadlineMs: 100 });
});

afterAll(async () => {
  await gateway?.close();
  await hasty?.close();
  await c2s.close();
  if (!other) return;
  const lines = found.map(
    ({ case: name, differences }) => `- ${name}\n${differences.map((line) => `    ${line}\n`).join('')}`,
  );
  console.log(`${other}: ${found.length} of ${CASES.length} cases differ\n${lines.join('')}`);
});

describe(`the contract of ${other ?? 'our gateway'}`, () => {
  for (const one of CASES) {
    it.skipIf(other && one.slow && !process.env['GATEWAY_SLOW_CASES'])(
      one.name,
      { timeout: 70_000 },
      async ({ annotate }) => {
        const differences = await runCase((one.slow ? hasty : gateway)?.url ?? other ?? '', c2s, one);
        if (!other) return expect(differences).toEqual([]);
        if (differences.length > 0) found.push({ case: one.name, differences });
        for (const line of differences) await annotate(line, 'difference');
      },
    );
  }
});
