/** What the rest of the house takes from the comparison. */
export { ParityBook } from './book.ts';
export type { EvidenceRow, Pair, ParitySettings } from './book.ts';
export { answerFacts, compareAnswers } from './compare.ts';
export { DIFFERENCE_KINDS, ERROR_REASONS, notRun, RESULTS } from './comparison.ts';
export type {
  Answer,
  Comparison,
  Difference,
  ErrorReason,
  Observation,
  ObservationKind,
  Result,
} from './comparison.ts';
export { requestFacts } from './coverage.ts';
export { fixtureSchema, freeze, thaw } from './fixture.ts';
export type { Fixture } from './fixture.ts';
export { keepEvidence } from './keep-evidence.ts';
export type { EvidenceKeeper, EvidenceStore } from './keep-evidence.ts';
export { observeParity } from './observe-parity.ts';
export type { ParityReport } from './report.ts';
export { compileRules } from './rules.ts';
export type { CompiledRules } from './rules.ts';
export { paritySettings, rulesOf } from './parity-settings.ts';
export { VERDICTS } from './verdict.ts';
export type { Verdict, VerdictKind } from './verdict.ts';
export { verifyWrite, VERIFY_RESULTS } from './verify.ts';
export type { Verification, VerifyResult } from './verify.ts';
