import { GATES, type GateName, type Gates, type GateState } from '../../../../../src/facade/compare/autopilot/gates.ts';

/** All green but for those named. */
export const gatesOf = (changed: Partial<Record<GateName, GateState>> = {}): Gates =>
  Object.fromEntries(
    GATES.map((name) => [name, { state: changed[name] ?? 'green', why: `${name} in words` }]),
  ) as unknown as Gates;
