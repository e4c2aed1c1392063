import { expect, test } from 'vitest';
import { welcome } from '../../../../src/c2s/sandbox/welcome.ts';

const text = welcome({
  ...{ url: 'http://127.0.0.1:8080', adminUrl: 'http://127.0.0.1:9901', controlUrl: 'http://127.0.0.1:8091' },
  ...{ leadId: '0123456789abcdef01234567', callerToken: 'sandbox', configFile: '.data/sandbox.yaml' },
  ...{ table: '34 routes: 34 direct', command: 'npx c2s-facade', database: { kind: 'embedded' } },
  ...{ hasTraffic: false, notes: [] },
});

test('fits a terminal of 80 columns and 25 rows', () => {
  const lines = text.trimEnd().split('\n');
  // A line that is pasted is as long as its command.
  expect(lines.filter((line) => !line.startsWith('  ')).filter(({ length }) => length > 80)).toEqual([]);
  expect(lines.length).toBeLessThanOrEqual(25);
});

test('says that the gateway comes back in steps, and within which time', () => {
  expect(text).toMatch(/^3 .* PUT brings it back, in steps, in 30 s$/m);
});
