import { readConfigFile, requireConfig } from '../config-file.ts';
import type { Command } from '../context.ts';
import { replay } from '../replay.ts';
import { visible } from '../../../http/visible.ts';

/** Compares frozen samples again, by the rules of the file. Needs no running facade. */
export const replaySamples: Command = async (context, _options, paths) => {
  const file = await readConfigFile(context);
  const config = requireConfig(file);
  return replay({
    config,
    pair: file.pair,
    paths,
    now: Date.now(),
    print: (line) => context.io.out(`${visible(line)}\n`),
  });
};
