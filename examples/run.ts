import { existsSync, readdirSync } from 'node:fs';

/** `npm run example NAME`: runs examples/NAME/main.ts on the facade of this checkout. */

const here = import.meta.dirname;
const [name = ''] = process.argv.slice(2);
const names = readdirSync(here).filter((one) => existsSync(`${here}/${one}/main.ts`));
if (names.includes(name)) {
  await import(`./${name}/main.ts`);
} else {
  process.stderr.write(`npm run example NAME, where NAME is one of\n${names.map((one) => `  ${one}\n`).join('')}`);
  process.exitCode = 2;
}
