import type { GeneratedAlways, JSONColumnType } from 'kysely';
import type { Stamp } from './stamp.ts';

/** Reads as the value itself; is written as its text. What is in it is known to the autopilot, not to the store. */
type JsonText = JSONColumnType<object, string, string>;

export interface AutopilotTables {
  autopilot_routes: { route: string; state: JsonText; report: JsonText };
  autopilot_decisions: {
    id: GeneratedAlways<number>;
    at: Date | string;
    route: string;
    decision: string;
    from: number;
    to: number;
    why: string;
    evidence: JsonText;
  };
  autopilot_orders: { id: GeneratedAlways<number>; route: string; kind: 'pause' | 'resume'; who: string };
  autopilot_readings: { instance: string; at: Stamp; readings: JsonText };
}
