import { execFileSync } from 'node:child_process';

/** The package and the console's scripts, built once for all files of a run: each would write them under the eyes of the others. */
export default function setup(): void {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
}
