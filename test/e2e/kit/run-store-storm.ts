import { startScene } from './enrichment.ts';
import { startOwn, newDatabase, migrateAll } from './postgres.ts';
import { runStoreStorm } from './store-storm.ts';

/**
 * `npm run storm`: the whole storm over three facades and a Postgres of their own, about a quarter of an hour. Loopback
 * only; it ends by itself, with exit code 1 when anything did not hold. A part of it: `npm run storm -- 20` (percent).
 */

const part = Number(process.argv[2] ?? 100) / 100;
const share = (count: number): number => Math.max(1, Math.round(count * part));
const seed = Number(process.env['STORM_SEED'] ?? Date.now() % 2 ** 31);
process.stdout.write(`seed ${seed} (STORM_SEED repeats it)\n`);
const [scene, server] = await Promise.all([startScene(), startOwn()]);
const { url: databaseUrl } = await newDatabase(server.url);
await migrateAll(databaseUrl);
const began = performance.now();
const report = await runStoreStorm({
  sandbox: scene.sandbox,
  gatewayUrl: scene.gateway.url,
  databaseUrl,
  kills: share(200),
  freezes: share(20),
  cuts: share(20),
  terminations: share(20),
  freezeMs: [5_000, 70_000],
  cutMs: [1_000, 20_000],
  leads: share(3_000),
  seed,
  say: (line) => void process.stdout.write(`${line}\n`),
});
await scene.close();
await server.stop();
process.stdout.write(
  `${JSON.stringify({ seconds: Math.round((performance.now() - began) / 1_000), ...report }, null, 2)}\n`,
);
const isRight = report.broken.length === 0 && Object.keys(report.messages).join() === '1';
process.exitCode = isRight ? 0 : 1;
