import { afterEach, describe, test } from 'vitest';
import { opened, SERVICES, SURROUNDINGS, survives } from './kit/lost-output.ts';

/**
 * Standard output that cannot be written, or that nobody reads any more: callers notice nothing, the lines that are lost
 * are counted, and SIGTERM ends the process as always, with what is under way finished first. Every service with
 * every way to lose the output.
 */

afterEach(opened.closeAll);

describe.each(SERVICES)('$name', (service) => {
  test.each(SURROUNDINGS)('$name', { timeout: 300_000 }, (surroundings) => survives(service, surroundings));
});
