import { execFileSync } from 'node:child_process';

/** The facade, with a FIFO in its directory that nobody writes to. */

execFileSync('mkfifo', [process.env['FIFO'] ?? '']);
await import('../../../src/main.ts');
