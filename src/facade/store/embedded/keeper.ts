import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Logger } from '../../../http/log.ts';

/**
 * Ends the server when its owner has ended, whatever ended the owner: a shell, of one megabyte instead of forty, reads a
 * pipe whose other end is the owner's alone. The kernel closes that end with the owner, also after `kill -9`; an owner
 * that merely stands still keeps it open. The shell then asks the server for a fast shutdown, after eight seconds for an
 * immediate one, and kills a server that hears neither, because it was stopped (SIGSTOP). The next start recovers; none
 * of the three loses a commit.
 *
 * The server is recognised by the moment at which it began: a number that another process has by now is left alone, the
 * server of a next owner too.
 */

const SCRIPT = `
began() {
  if [ -r "/proc/$1/stat" ]; then sed 's/^.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; else ps -o lstart= -p "$1"; fi 2>/dev/null
}
server=$1 mine=$(began "$1")
runs() { [ -n "$mine" ] && [ "$(began "$server")" = "$mine" ]; }
read -r _
runs && kill -INT "$server"
for _ in 1 2 3 4 5 6 7 8; do runs || exit 0; sleep 1; done
runs && kill -QUIT "$server"
sleep 2
runs && kill -KILL "$server"
`;

/** @returns ends the keeper, with the server or after it. */
export function keepUntilOwnerEnds(serverPid: number, log: Logger): () => void {
  // A session of its own, so that what is sent to the owner's group leaves it alone.
  const keeper = spawn('/bin/sh', ['-c', SCRIPT, 'c2s-facade-keeper', String(serverPid)], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] },
  });
  keeper.on('error', (error) => {
    log.warn({ err: error }, 'nothing ends the embedded Postgres if this process is killed; the next start does');
  });
  // It must not keep a process alive that has nothing else to do.
  keeper.unref();
  const pipe = keeper.stdin as Socket | null;
  pipe?.on('error', () => undefined).unref();
  return () => void pipe?.destroy();
}
