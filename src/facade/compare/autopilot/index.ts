/** What the rest of the house takes from the autopilot. */
export type { FlipFacts, ParityFacts } from './facts.ts';
export { proofOf, readingsOf, routesOf } from './facade-adapter.ts';
export { ProcessMemory } from './memory.ts';
export type { DecisionRecord, FlipOrder, Memory, ManualOverride, AutopilotPorts, Proposal, Report } from './ports.ts';
export { Autopilot } from './runner.ts';
export { startAutopilot } from './start.ts';
export type { FlipPort } from './start.ts';
