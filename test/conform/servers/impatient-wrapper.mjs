/** Runs a command, and does not wait for it: `exits` leaves it alone after 300 ms, `kills` ends it with SIGKILL first. */
import { spawn } from 'node:child_process';

const [mode, command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: 'inherit' });
process.on('SIGTERM', () => {
  child.kill('SIGTERM');
  setTimeout(() => {
    if (mode === 'exits') process.exit(0);
    child.kill('SIGKILL');
    setTimeout(() => process.exit(0), 500);
  }, 300);
});
