import { basename } from 'node:path';
import type { Logger } from 'pino';
import { Callers } from './callers.ts';
import { Campaigns, parseCampaigns } from './campaigns.ts';
import { parseCallers, parseTokens } from './config-files.ts';
import type { Metrics } from './metrics.ts';
import { DEFAULTS } from './settings.ts';
import type { GatewayOptions } from './settings.ts';
import { Tokens } from './tokens.ts';
import { WatchedFile } from './watched-file.ts';

/** What can change while the gateway runs: tokens, caller keys and campaigns, each from a watched file or fixed. */
interface LiveConfig {
  readonly tokens: Tokens;
  readonly callers: Callers;
  readonly campaigns: Campaigns;
  /** Looks at every file now. */
  reload(): void;
  close(): void;
}

/** Throws when a file is missing or wrong: a bad start must fail, a bad change must not. */
export function openLiveConfig(options: GatewayOptions, metrics: Metrics, log: Logger): LiveConfig {
  const tokens = new Tokens([options.c2sToken ?? []].flat());
  const callers = new Callers(options.callers ?? []);
  const campaigns = new Campaigns((mapped) => metrics.campaign(mapped));
  const files: WatchedFile[] = [];
  const watch = (path: string | undefined, label: string, apply: (text: string) => void): void => {
    if (path === undefined) return;
    const onRead = (file: string, error: Error | undefined): void => {
      metrics.reloaded(label, error ? 'refused' : 'ok');
      // The reason of a refusal quotes names and rules, never the text of the file: JSON errors would, so they are not written.
      const reason = error instanceof SyntaxError ? 'not JSON' : error?.message;
      if (error) log.error({ file: basename(file), reason }, 'config refused, the old one stays');
      else log.info({ file: basename(file) }, 'config read');
    };
    files.push(new WatchedFile(path, apply, { onRead }, options.watchInterval ?? DEFAULTS.watchInterval));
  };
  watch(options.c2sTokenFile, 'tokens', (text) => tokens.replace(parseTokens(text)));
  watch(options.callersFile, 'callers', (text) => callers.replace(parseCallers(text)));
  watch(options.campaignsFile, 'campaigns', (text) => campaigns.replace(parseCampaigns(text)));
  return {
    tokens,
    callers,
    campaigns,
    reload: () => files.forEach((file) => file.reload()),
    close: () => files.forEach((file) => file.close()),
  };
}
