import { everyNth, SETTINGS, testMatrix } from './matrix.ts';

/**
 * Every row, dialect, endpoint and odd input under every setting: every seventh of 140,000 requests, 2 ms of CPU each;
 * `npm test` asks fewer. All of them: `NOTHING_LOST=all npx vitest run --config vitest.e2e.config.ts test/e2e/nothing-lost`.
 */
const STEP = process.env['NOTHING_LOST'] === 'all' ? 1 : 7;
testMatrix(SETTINGS, (row, setting) => everyNth(row, STEP, setting));
