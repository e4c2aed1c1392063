import type { Server } from 'node:http';

/** Milliseconds between two looks at connections that have become idle. */
const LOOK_EVERY_MS = 25;

/**
 * Stops accepting, lets what is under way finish, and closes connections as they become idle.
 * @param deadline milliseconds; what is still under way then is cut.
 * @returns true when nothing had to be cut.
 */
export async function drain(server: Server, deadline: number): Promise<boolean> {
  const sweep = setInterval(() => server.closeIdleConnections(), LOOK_EVERY_MS);
  let isWhole = true;
  const cut = setTimeout(() => {
    isWhole = false;
    server.closeAllConnections();
  }, deadline);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearInterval(sweep);
  clearTimeout(cut);
  return isWhole;
}
