import { parseArgs } from 'node:util';
import { fuzzFacade } from './kit/fuzzed-facade.ts';

/** `npm run fuzz -- --seconds 120 --seed 1`: damaged requests against a facade of its own, on loopback. */

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '120' }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Date.now() % 1_000_000);
process.stdout.write(`seed ${seed}, ${values.seconds} s\n`);
const end = performance.now() + Number(values.seconds) * 1_000;
const { connections, answers, faults, memory } = await fuzzFacade(seed, () => performance.now() > end);
const [before, after] = memory.map((bytes) => `${Math.round(bytes / 1_048_576)} MiB`);
process.stdout.write(`${connections} connections, memory ${before} → ${after}, answers ${JSON.stringify(answers)}\n`);
if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\nRun it again with --seed ${seed}.\n`);
  process.exitCode = 1;
}
