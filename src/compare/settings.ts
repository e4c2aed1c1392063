import type { FacadeConfig } from '../config/schema.ts';
import { parseDuration, parseSize } from '../config/units.ts';
import type { ShadowSettings } from './shadow.ts';

/** From what the operator wrote to milliseconds and bytes. */
export function shadowSettings({ shadow }: FacadeConfig): ShadowSettings {
  return { ...shadow, deadline: parseDuration(shadow.deadline), maxBody: parseSize(shadow.maxBody) };
}
