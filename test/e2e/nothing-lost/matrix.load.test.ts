import { everyNth, SETTINGS, testMatrix } from './matrix.ts';

/**
 * Every row, dialect, endpoint and odd input under every setting: every fifth of about 120,000 requests, of which `npm test`
 * asks fewer. All of them: `NOTHING_LOST=all npx vitest run --config vitest.e2e.config.ts test/e2e/nothing-lost`.
 */
const STEP = process.env['NOTHING_LOST'] === 'all' ? 1 : 5;
testMatrix(SETTINGS, (row, setting) => everyNth(row, STEP, setting));
