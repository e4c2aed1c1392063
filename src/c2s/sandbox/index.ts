/** What the rest of the house and the tests take from the sandbox. */
export { startContact2Sale } from './contact2sale.ts';
export type { SandboxContact2Sale, Contact2SaleOptions } from './contact2sale.ts';
export { startDiretrix } from './diretrix.ts';
export type { DiretrixOptions } from './diretrix.ts';
export { Faults } from './faults.ts';
export type { Fault } from './faults.ts';
export type { FaultSpec } from './fault-spec.ts';
export { SANDBOX_OPERATIONS } from './operations.ts';
export type { SandboxOperation, SandboxOperationId } from './operations.ts';
export type { ReceivedRequest } from './received.ts';
export { startSandbox } from './sandbox.ts';
export type { Sandbox } from './sandbox.ts';
export { SEED_LEAD_IDS, SEED_QUEUE_IDS, SEED_SELLER_IDS, SEED_TAG_IDS } from './seed.ts';
export { seededRandom } from './random.ts';
export type { StandIn, StandInOptions } from './stand-in.ts';
export { startWorkApi } from './work-api.ts';
export type { WorkApiOptions } from './work-api.ts';
