import { readConfigFile, requireConfig } from '../config-file.ts';
import type { Command } from '../context.ts';
import { replay } from '../replay.ts';
import { visible } from '../../../http/visible.ts';

/** Compares frozen samples again, by the rules of the file. Needs no running facade. */
export const replaySamples: Command = (context, _options, paths) => {
  const config = requireConfig(readConfigFile(context));
  return replay({
    config,
    pair: context.pair,
    paths,
    now: Date.now(),
    print: (line) => context.io.out(`${visible(line)}\n`),
  });
};
