import { userInfo } from 'node:os';

/** Who did it, and why: for the history. */
export function signature({ why }: { readonly why?: string }): { who: string; why?: string } {
  return { who: userName(), ...(why === undefined ? {} : { why }) };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return 'unknown';
  }
}
