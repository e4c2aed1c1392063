import { afterEach, describe } from 'vitest';
import { ATTACKS, opened, testAttacks, WAYS } from './attacks.ts';

/** Each attack of strangers by itself costs known callers nothing; all of them at once in strangers.test.ts. */

afterEach(opened.closeAll);

describe.each(WAYS)('on $way', (way) => testAttacks(way, ATTACKS.slice(0, -1)));
