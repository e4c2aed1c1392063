import { createHash } from 'node:crypto';
import type { NotifyEvent, NotifyTargetConfig } from '../config/notify-schema.ts';

/** Where notifications are posted. */
export interface NotifyTarget {
  /** As logs and answers call it, since its URL may hold a secret: `notify[0]`, its place in the rollout table. */
  readonly name: string;
  /** Names it in the queue, over reloads and instances. */
  readonly key: string;
  readonly url: string;
  readonly events: readonly NotifyEvent[];
  /** Undefined: what is posted there is not signed. */
  readonly secret: string | undefined;
}

/** @param secret of targets without one of their own. */
export const targetsOf = (configs: readonly NotifyTargetConfig[], secret: string | undefined): NotifyTarget[] =>
  configs.map(({ url, events, secret: own = secret }, i) => {
    return { name: `notify[${i}]`, key: keyOf(url), url, events, secret: own };
  });

const keyOf = (url: string): string => createHash('sha256').update(url).digest('hex').slice(0, 24);
