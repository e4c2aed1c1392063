import type { FacadeConfig } from '../config/schema.ts';
import type { ShadowSettings } from './shadow.ts';

/** From `compare:` of the config to what the shadows are handed. */
export function shadowSettings({ compare }: FacadeConfig): ShadowSettings {
  const { maxInflight, maxQueue, deadline, maxBody } = compare;
  return { maxInflight, maxQueue, deadlineMs: deadline, maxBodyBytes: maxBody };
}
