import { parseEnv } from 'node:util';
import { codeOf } from '../../http/error-code.ts';
import { readTextSync } from '../../http/read-file.ts';

/**
 * An optional .env file, read again at every reload: emptying the gateway's address in it takes every route back to direct
 * without a restart. The environment of a running process cannot be changed from outside; a file can.
 *
 * Written as dotenv has it: blanks around `=`, quotes, `export `, `#` comments. A line that node's reader would drop in
 * silence is an error: it was meant to set something.
 */

/** The file is there and cannot be used. The message says what to do. */
export class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
  readonly path: string;
  /** `EACCES`, or the lines that cannot be used: what a refused reload tells. */
  readonly code: string;

  constructor(message: string, path: string, code: string, cause?: unknown) {
    super(message, { cause });
    this.path = path;
    this.code = code;
  }
}

/** Its variables; none when the file does not exist. @throws EnvFileError */
export function readEnvFile(path: string): Record<string, string> {
  let text: string;
  try {
    text = readTextSync(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return {};
    throw new EnvFileError(
      `${path}: cannot be read (${code}); make it a regular file that this user may read, or remove it`,
      path,
      code,
      error,
    );
  }
  const { lines, faults } = readLines(text);
  if (faults.length > 0) {
    const told = faults.map(({ line, fault }) => `${path}:${line}: ${fault}`);
    throw new EnvFileError(told.join('\n'), path, faults.map(({ line, fault }) => `line ${line}: ${fault}`).join('; '));
  }
  const parsed = parseEnv(lines.join('\n'));
  return Object.fromEntries(
    Object.entries(parsed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

interface EnvLines {
  /** In the form that node reads. */
  readonly lines: readonly string[];
  /** Never with a value. */
  readonly faults: readonly { readonly line: number; readonly fault: string }[];
}

const NAME = /^[A-Za-z_]\w*$/;

function readLines(text: string): EnvLines {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .split('\n');
  const faults: { line: number; fault: string }[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] ?? '').replace(/^\s*export\s+/, '').trimStart();
    if (line.trim() === '' || line.startsWith('#')) continue;
    lines[i] = line;
    const begin = i;
    const fault = faultOf(line);
    if (fault !== undefined) faults.push({ line: begin + 1, fault });
    else {
      const end = endOfValue(lines, i);
      if (end === undefined) faults.push({ line: begin + 1, fault: unclosed(line) });
      else i = end;
    }
  }
  return { lines, faults };
}

function faultOf(line: string): string | undefined {
  const at = line.indexOf('=');
  const name = (at < 0 ? line : line.slice(0, at)).trim();
  if (at < 0) {
    const begun = /^[A-Za-z_]\w*/.exec(name)?.[0];
    return begun === undefined ? 'sets nothing; write NAME=value' : `"${begun}" has no "="; write ${begun}=value`;
  }
  if (NAME.test(name)) return undefined;
  return 'what stands before "=" is no name of a variable (letters, digits and "_"); write NAME=value';
}

const valueOf = (line: string): string => line.slice(line.indexOf('=') + 1).trimStart();

function unclosed(line: string): string {
  const quote = valueOf(line).charAt(0);
  return `${line.slice(0, line.indexOf('=')).trim()} begins with ${quote} and has no ${quote} at its end; close it`;
}

/** Index of the line on which the value ends: a quoted one may go over several. Undefined: its quote is never closed. */
function endOfValue(lines: readonly string[], begin: number): number | undefined {
  const value = valueOf(lines[begin] ?? '');
  const quote = value.charAt(0);
  if (!['"', "'", '`'].includes(quote)) return begin;
  if (value.indexOf(quote, 1) > 0) return begin;
  const end = lines.findIndex((line, i) => i > begin && line.includes(quote));
  return end < 0 ? undefined : end;
}
