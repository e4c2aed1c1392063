import type { Finding } from '../problem.ts';
import {
  autopilotHasEvidence,
  autopilotNeedsAWayBack,
  autopilotNeedsBothFaces,
  autopilotStepsRise,
} from './autopilot.ts';
import { directNamesAreUnique, echoesNameParameters, jsonApiNamesFields, queryRangesHoldSomething } from './body.ts';
import { jsonPathsAreSound, knownDifferencesNameRows, tolerancesTolerateSomething } from './compare.ts';
import type { Check, Draft } from './draft.ts';
import {
  everyRowHasAFace,
  facesHaveTheSameParameters,
  idsAreUnique,
  noFaceIsClaimedTwice,
  templatesAreSound,
} from './faces.ts';
import {
  directOnlyRowsStayDirect,
  gatewayOnlyRowsAreAllOrNothing,
  onlySafeRowsAreShadowed,
  stickyByIsKnown,
  writesAreNeverDeclaredSafe,
} from './rollout.ts';
import { verifyIsOfAWrite, verifyNamesFields, verifyReadsByASafeRow } from './verify.ts';
import {
  totalDeadlineCoversItsParts,
  trustedProxiesAreAddresses,
  upstreamUrlsAreSound,
  variablesStandOnlyInUrls,
} from './settings.ts';

/** Every rule that the schema cannot express. A new one is a function of its own and a line here. */
const CHECKS: readonly Check[] = [
  idsAreUnique,
  everyRowHasAFace,
  templatesAreSound,
  noFaceIsClaimedTwice,
  facesHaveTheSameParameters,
  writesAreNeverDeclaredSafe,
  onlySafeRowsAreShadowed,
  gatewayOnlyRowsAreAllOrNothing,
  directOnlyRowsStayDirect,
  stickyByIsKnown,
  autopilotNeedsBothFaces,
  autopilotNeedsAWayBack,
  autopilotStepsRise,
  autopilotHasEvidence,
  echoesNameParameters,
  jsonApiNamesFields,
  directNamesAreUnique,
  queryRangesHoldSomething,
  jsonPathsAreSound,
  tolerancesTolerateSomething,
  knownDifferencesNameRows,
  verifyIsOfAWrite,
  verifyReadsByASafeRow,
  verifyNamesFields,
  upstreamUrlsAreSound,
  variablesStandOnlyInUrls,
  totalDeadlineCoversItsParts,
  trustedProxiesAreAddresses,
];

export function runChecks(draft: Draft): Finding[] {
  return CHECKS.flatMap((check) => check(draft));
}
