import type { Finding } from '../problem.ts';
import {
  autopilotHasEvidence,
  autopilotNeedsAWayBack,
  autopilotNeedsBothEndpoints,
  autopilotStepsRise,
} from './autopilot.ts';
import { directNamesAreUnique, echoesNameParameters, jsonApiNamesFields, queryRangesHoldSomething } from './body.ts';
import { jsonPathsAreSound, knownDifferencesNameRoutes, tolerancesTolerateSomething } from './compare.ts';
import type { Check, Draft } from './draft.ts';
import {
  everyRouteHasAnEndpoint,
  endpointsHaveTheSameParameters,
  idsAreUnique,
  noEndpointIsDeclaredTwice,
  templatesAreSound,
} from './endpoints.ts';
import {
  directOnlyRoutesStayDirect,
  gatewayOnlyRoutesAreAllOrNothing,
  namedCallersAreIds,
  onlySafeRoutesAreShadowed,
  stickyByIsKnown,
  writesAreNeverDeclaredSafe,
} from './rollout.ts';
import { healthPathsNameNoRecord } from './health.ts';
import { consoleUrlIsSound, notifyTargetsAreSound } from './notify.ts';
import { verifyIsOfAWrite, verifyNamesFields, verifyReadsByASafeRoute } from './verify.ts';
import {
  totalDeadlineCoversItsParts,
  trustedProxiesAreAddresses,
  upstreamUrlsAreSound,
  variablesStandOnlyInUrls,
} from './settings.ts';

/** Every rule that the schema cannot express. A new one is a function of its own and a line here. */
const CHECKS: readonly Check[] = [
  idsAreUnique,
  everyRouteHasAnEndpoint,
  templatesAreSound,
  noEndpointIsDeclaredTwice,
  endpointsHaveTheSameParameters,
  writesAreNeverDeclaredSafe,
  onlySafeRoutesAreShadowed,
  gatewayOnlyRoutesAreAllOrNothing,
  directOnlyRoutesStayDirect,
  stickyByIsKnown,
  namedCallersAreIds,
  autopilotNeedsBothEndpoints,
  autopilotNeedsAWayBack,
  autopilotStepsRise,
  autopilotHasEvidence,
  echoesNameParameters,
  jsonApiNamesFields,
  directNamesAreUnique,
  queryRangesHoldSomething,
  jsonPathsAreSound,
  tolerancesTolerateSomething,
  knownDifferencesNameRoutes,
  verifyIsOfAWrite,
  verifyReadsByASafeRoute,
  verifyNamesFields,
  upstreamUrlsAreSound,
  variablesStandOnlyInUrls,
  totalDeadlineCoversItsParts,
  trustedProxiesAreAddresses,
  healthPathsNameNoRecord,
  consoleUrlIsSound,
  notifyTargetsAreSound,
];

export function runChecks(draft: Draft): Finding[] {
  return CHECKS.flatMap((check) => check(draft));
}
