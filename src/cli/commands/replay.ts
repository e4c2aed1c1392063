import { readConfigFile, requireConfig } from '../config-file.ts';
import { print, type Command } from '../context.ts';
import { replay as compareAgain } from '../replay.ts';

/** Frozen samples, compared again by the rules of the file. */
export const replay: Command = async (context, _options, paths) => {
  const config = requireConfig(readConfigFile(context));
  const lines: string[] = [];
  const code = await compareAgain({ config, paths, now: context.io.now(), print: (line) => lines.push(line) });
  print(context, { code, lines }, () => lines.join('\n'));
  return code;
};
