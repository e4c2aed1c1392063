import { facadeMissing, startFacade, type FacadeVariant } from './facade.ts';
import { SUBJECTS, type Running } from './subjects.ts';

/**
 * The single subject of bench:bulk and bench:flat: the facade, or for comparison a peer of bench/run.ts by its name.
 * Undefined, with a word to the user, when it cannot be had.
 */
export async function startOne(
  name: string,
  upstreamUrl: string,
  variant: FacadeVariant,
): Promise<Running | undefined> {
  const subject = SUBJECTS.find((candidate) => candidate.name === name);
  const missing = name === 'facade' ? facadeMissing() : subject ? subject.missing() : 'no such subject';
  if (missing) {
    console.error(`${name}: ${missing}`);
    return undefined;
  }
  return name === 'facade' ? startFacade(upstreamUrl, variant) : subject?.start(upstreamUrl);
}
