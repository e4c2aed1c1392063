/** The channel that tells every instance that there is a new revision of the flips. */
export const FLIPS_CHANNEL = 'facade_flips';
