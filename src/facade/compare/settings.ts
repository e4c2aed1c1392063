import type { FacadeConfig } from '../config/schema.ts';
import { parseDuration, parseSize } from '../../http/units.ts';
import type { ShadowSettings } from './shadow.ts';

/** From what the operator wrote to milliseconds and bytes. */
export function shadowSettings({ compare }: FacadeConfig): ShadowSettings {
  const { maxInflight, maxQueue, deadline, maxBody } = compare;
  return { maxInflight, maxQueue, deadline: parseDuration(deadline), maxBody: parseSize(maxBody) };
}
