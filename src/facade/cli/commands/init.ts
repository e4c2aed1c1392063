import type { PairVariables } from '../../config/variables.ts';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../../../http/error-code.ts';
import { readTextSync } from '../../../http/read-file.ts';
import { jsonSchemaText } from '../../config/json-schema.ts';
import { formatProblems, parseConfig } from '../../config/load.ts';
import { TableSchema } from '../../config/table-schema.ts';
import { writeConfig } from '../../config/write.ts';
import { USUAL_TABLE } from '../config-file.ts';
import { print, remark, withProduct, type Command, type CommonOptions, type ProductContext } from '../context.ts';
import { ENV_FILE } from '../io.ts';
import { CliError, EXIT, usageError } from '../exit.ts';
import { count } from '../format.ts';
import { blankEnv, blankTable } from '../init/blank.ts';
import { DOCUMENT_BOUNDS } from '../init/source.ts';
import { firstTable, type FirstTable, type NamedText } from '../init/index.ts';

export interface InitOptions extends CommonOptions {
  readonly direct?: string;
  readonly gateway?: string;
  readonly output?: string;
  readonly force?: boolean;
}

const STANDARD_OUTPUT = '-';
/** Beside the table, so that an editor knows what may be written there. */
const SCHEMA = 'facade.schema.json';

/** The first rollout table: from two OpenAPI documents, or one to fill in by hand. */
export const init: Command<InitOptions> = async (given, options) => {
  const context = await withProduct(given);
  const { direct, gateway, force = false } = options;
  const output = options.output ?? context.namedTable ?? USUAL_TABLE;
  if (output === STANDARD_OUTPUT && context.json) throw usageError('Write either --json or --output -.');
  if (direct !== undefined && gateway !== undefined) return fromDocuments(context, direct, gateway, output, force);
  if (direct !== undefined || gateway !== undefined)
    throw usageError('Name both documents, --direct FILE and --gateway FILE, or neither.');
  if (force || output === STANDARD_OUTPUT)
    throw usageError('Without documents nothing is overwritten or printed: leave out --force and --output -.');
  return byHand(context, output);
};

async function fromDocuments(
  context: ProductContext,
  direct: string,
  gateway: string,
  output: string,
  force: boolean,
): Promise<number> {
  const isFile = output !== STANDARD_OUTPUT;
  // Checked before the documents are read, so that an operator who forgot --force does not wait.
  if (isFile && !force && existsSync(output)) throw new CliError(EXIT.problems, existing(output));
  const table = made(readDocumentFile(direct), readDocumentFile(gateway), context.pair.variables);
  if (!isFile) {
    context.io.out(table.text);
    remark(context, summaryOf(table));
    return EXIT.ok;
  }
  await written(output, () => writeTable(context, output, table.text, force));
  const { text: _, ...counts } = table;
  print(context, { file: output, ...counts }, () => `${output}: ${summaryOf(table)}\n${nextSteps(context, output)}`);
  return EXIT.ok;
}

/** @throws CliError with every problem of both documents. */
function made(direct: NamedText, gateway: NamedText, variables: PairVariables): FirstTable {
  const result = firstTable(direct, gateway, variables);
  if (!result.ok) {
    const lines = result.problems.map(({ file, problem }) => formatProblems(file, [problem]));
    throw new CliError(EXIT.problems, lines.join('\n'));
  }
  // What is written must load: a table that does not would be found out at the first start.
  const parsed = parseConfig(result.table.text, { [variables.direct.url]: 'http://direct.invalid' });
  if (!parsed.ok)
    throw new CliError(
      EXIT.problems,
      `The table that was made does not load, and is not written; please report it with both documents:\n${formatProblems('table', parsed.problems)}`,
    );
  return result.table;
}

function summaryOf({ pairs, directOnly, gatewayOnly, remarks }: FirstTable): string {
  return [
    `${count(pairs, 'route')} on both paths, all at 0`,
    `${directOnly} of direct alone`,
    `${gatewayOnly} of the gateway alone, as comments`,
    `${count(remarks, 'remark')} to look at (# look: …)`,
  ].join('; ');
}

function nextSteps({ name }: ProductContext, file: string): string {
  const named = file === USUAL_TABLE ? '' : ` --config ${file}`;
  return `Next: read the remarks, then ${name} check${named}.`;
}

/** Never overwrites anything, and so can be repeated. */
async function byHand(context: ProductContext, output: string): Promise<number> {
  const { variables } = context.pair;
  const files = [
    { file: output, write: () => writeTable(context, output, blankTable(variables), false) },
    // Its token is a secret.
    { file: ENV_FILE, write: () => writeNew(ENV_FILE, blankEnv(variables), 0o600) },
  ];
  const kept = files.filter(({ file }) => existsSync(file));
  const made = files.filter((one) => !kept.includes(one));
  for (const { file, write } of made) await written(file, write);
  print(context, { written: made.map(({ file }) => file), kept: kept.map(({ file }) => file) }, () =>
    [
      ...made.map(({ file }) => `${file} was written.`),
      ...kept.map(({ file }) => `${file} is there already and stays as it is.`),
      `Next: fill in ${ENV_FILE}, write your routes into ${output}, then ${context.name} check.`,
    ].join('\n'),
  );
  return EXIT.ok;
}

/** Beside the table, where there is none yet, the schema of what may be written into it. */
async function writeTable({ extension }: ProductContext, file: string, text: string, force: boolean): Promise<void> {
  if (force && existsSync(file)) return writeConfig(file, { text: readTextSync(file) }, text);
  writeNew(file, text);
  const schema = join(dirname(file), SCHEMA);
  if (!existsSync(schema)) writeNew(schema, jsonSchemaText(new TableSchema(extension?.settings).json));
}

/** @throws Error EEXIST: nothing is overwritten. */
function writeNew(file: string, text: string, mode = 0o666): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { flag: 'wx', mode });
}

/** @throws CliError where the file cannot be written. */
async function written(file: string, write: () => Promise<void> | void): Promise<void> {
  try {
    await write();
  } catch (error) {
    const message =
      codeOf(error) === 'EEXIST' && existsSync(file)
        ? existing(file)
        : `${file}: cannot be written (${codeOf(error)}); name another file with --output`;
    throw new CliError(EXIT.problems, message);
  }
}

const existing = (file: string): string =>
  `${file} is there already: overwrite it with --force, or name another file with --output.`;

function readDocumentFile(file: string): NamedText {
  try {
    return { file, text: readTextSync(file, DOCUMENT_BOUNDS.maxBytes) };
  } catch (error) {
    throw new CliError(EXIT.problems, `${file}: cannot be read (${codeOf(error)}); name an OpenAPI document`);
  }
}
