import { afterEach, describe } from 'vitest';
import { ATTACKS, opened, testAttacks, WAYS } from './attacks.ts';

/** Each attack of strangers by itself, and all of them at once, cost known callers nothing, not even time. */

afterEach(opened.closeAll);

describe.each(WAYS)('on $way', (way) => testAttacks(way, ATTACKS, 'answers and times'));
