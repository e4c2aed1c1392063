import { migrations } from '../../../src/c2s/store/migrations/index.ts';
import { createLogs } from '../../../src/http/log.ts';
import { openStore } from '../../../src/facade/store/index.ts';

/**
 * A process that owns an embedded store: `node store-process.ts DATA_DIR`. It tells what happens in lines, writes a row
 * for every line that it is given and says so when the row is committed, ends at the line `crash`, and stops on SIGTERM.
 */
const say = (line: string): void => void process.stdout.write(`${line}\n`);
// What a terminal's Ctrl-C sends to a whole process group; the tests end this process by SIGTERM.
process.on('SIGINT', () => say('interrupted'));
try {
  const { log } = createLogs('info', { write: (line) => void process.stdout.write(line) });
  const store = await openStore({ databaseUrl: undefined, dataDir: process.argv[2] ?? '', migrations, log });
  process.once('SIGTERM', () => void store.close().then(() => process.exit(0)));
  say(`open ${store.connectionString}`);
  process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
    for (const key of chunk.split('\n').filter(Boolean)) {
      // As a crash does: without a word to the store.
      if (key === 'crash') process.exit(3);
      store.db
        .insertInto('seen_events')
        .values({ source: 'test', key })
        .execute()
        .then(
          () => say(`kept ${key}`),
          () => say(`failed ${key}`),
        );
    }
  });
} catch (error) {
  say(`refused ${error instanceof Error ? error.message : 'unknown'}`);
  process.exitCode = 1;
}
