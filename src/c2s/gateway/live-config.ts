import { basename } from 'node:path';
import type { Logger } from '../../http/log.ts';
import { readTextSync } from '../../http/read-file.ts';
import { watchConfig, type ConfigWatch } from '../../http/watch.ts';
import { GatewayCallers } from './callers.ts';
import { Campaigns, parseCampaigns } from './campaigns.ts';
import { parseCallers, parseTokens } from './config-files.ts';
import type { GatewayMetrics } from './metrics.ts';
import { DEFAULTS } from './settings.ts';
import type { GatewayOptions } from './settings.ts';
import { Tokens } from './tokens.ts';

/** What can change while the gateway runs: tokens, caller keys and campaigns, each from a watched file or fixed. */
interface LiveConfig {
  readonly tokens: Tokens;
  readonly callers: GatewayCallers;
  readonly campaigns: Campaigns;
  /** Reads every file now. */
  reload(): Promise<void>;
  close(): void;
}

/** Throws when a file is missing or wrong: a bad start must fail, a bad change must not. */
export function openLiveConfig(options: GatewayOptions, metrics: GatewayMetrics, log: Logger): LiveConfig {
  const tokens = new Tokens([options.c2sToken ?? []].flat());
  const callers = new GatewayCallers(options.callers ?? []);
  const campaigns = new Campaigns((mapped) => metrics.campaign(mapped));
  const files: ConfigWatch[] = [];
  const pollMs = options.watchIntervalMs ?? DEFAULTS.watchIntervalMs;
  const watch = (path: string | undefined, label: string, apply: (text: string) => void): void => {
    if (path === undefined) return;
    const file = basename(path);
    const current = readTextSync(path);
    apply(current);
    const onChange = (text: string): void => {
      apply(text);
      metrics.reloaded(label, 'ok');
      log.info({ file }, 'config read');
    };
    const onError = (error: Error): void => {
      metrics.reloaded(label, 'refused');
      // The reason of a refusal quotes names and rules, never the text of the file: JSON errors would, so they are not written.
      const reason = error instanceof SyntaxError ? 'not JSON' : error.message;
      log.error({ file, reason }, 'config refused, the old one stays');
    };
    files.push(watchConfig({ file: path, current, onChange, onError, pollMs }));
  };
  watch(options.c2sTokenFile, 'tokens', (text) => tokens.replace(parseTokens(text)));
  watch(options.callersFile, 'callers', (text) => callers.replace(parseCallers(text)));
  watch(options.campaignsFile, 'campaigns', (text) => campaigns.replace(parseCampaigns(text)));
  return {
    tokens,
    callers,
    campaigns,
    reload: async () => void (await Promise.all(files.map((file) => file.reload()))),
    close: () => files.forEach((file) => file.close()),
  };
}
