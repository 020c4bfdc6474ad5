/** Random kills, reproducible from a seed. */
import { spawnSync } from 'node:child_process';
import { deriveSeed, seededRandom } from '../src/random.ts';
import { COMMANDS, type Kill, WAYS } from './kill-once.ts';

/** The commands that can run here; not every machine has k6. */
function possibleCommands(): string[] {
  const hasK6 = spawnSync('k6', ['version'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
  return Object.keys(COMMANDS).filter((name) => hasK6 || !name.includes('k6'));
}

/** `count` kills at moments up to `longestMs`, with every command and every way equally often. */
export function randomKills(count: number, longestMs: number, seed: number): Kill[] {
  const random = seededRandom(deriveSeed(seed, 'kills'));
  const commands = possibleCommands();
  const ways = Object.keys(WAYS);
  return Array.from({ length: count }, (_, nth) => ({
    command: commands[nth % commands.length] as string,
    way: ways[nth % ways.length] as string,
    afterMs: Math.round(random.next() * longestMs),
  }));
}

/** "compare with k6, SIGKILL after 1234 ms" */
export function inWords({ command, way, afterMs }: Kill): string {
  return `${command}, ${way} after ${afterMs} ms`;
}
