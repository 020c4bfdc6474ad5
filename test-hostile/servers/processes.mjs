/** A server that serves, and whose process behaves as its first argument says. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

const BEFORE = {
  'listens on nothing': () => {
    setInterval(() => {}, 1000);
    return 'does not serve';
  },
  'ends at once': () => process.exit(0),
  'crashes at once': () => {
    throw new Error('no \u001b[31mluck\u0007 ::error::');
  },
  'listens on another port': () => {
    process.env.PORT = String(15_000 + (process.pid % 3000));
  },
  'listens on IPv6 alone': () => {
    process.env.HOST = '::1';
  },
  'stops itself': () => process.kill(process.pid, 'SIGSTOP'),
  'prints 100 MB without a line end': () => {
    for (let i = 0; i < 100; i++) process.stdout.write('x'.repeat(1024 * 1024));
  },
  'prints as fast as it can': () => setInterval(() => process.stdout.write('y\n'.repeat(100_000)), 1),
  'prints bytes that are no text': () => {
    process.stdout.write(Buffer.from(Array.from({ length: 4096 }, (_, nth) => (nth * 7) % 256)));
    process.stderr.write('\u0000\u001b[2J\r10 %\r20 %\u009b\ufeff\n');
  },
  'prints events that never happened': () => {
    for (const event of ['constructor', '__proto__', 'toString', 'exit', 'stopped', 'sigterm', 'draining']) {
      console.log(JSON.stringify({ event, wallMs: -1e300, runtimeVersion: 'x'.repeat(10_000) }));
    }
  },
  'leaves daemons behind': () => {
    const daemon = 'setsid sh -c "trap \'\' TERM INT HUP; sleep 1000" >/dev/null 2>&1 &';
    spawn('setsid', ['sh', '-c', `${daemon} ${daemon}`], { stdio: 'ignore', detached: true });
  },
  'has 300 children': () => {
    spawn('sh', ['-c', 'i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i + 1)); done; wait'], { stdio: 'inherit' });
  },
  'has a title of its own': () => {
    process.title = 'nginx: \u001b[31mmaster';
  },
  'runs itself again': () => {
    if (process.argv[3] === 'again') return undefined;
    spawn(process.execPath, [...process.argv.slice(1), 'again'], { stdio: 'inherit' }).on('exit', () => process.exit());
    return 'does not serve';
  },
};

const ON_SIGTERM = {
  'ignores SIGTERM': () => {},
  'stops itself on SIGTERM': () => process.kill(process.pid, 'SIGSTOP'),
  'prints as fast as it can on SIGTERM': () => setInterval(() => process.stdout.write('z'.repeat(1_000_000)), 1),
  'leaves daemons behind on SIGTERM': () => {
    spawn('setsid', ['sh', '-c', 'setsid sleep 1000 & exit'], { stdio: 'inherit', detached: true });
    setTimeout(() => process.exit(0), 100);
  },
  'never lets the loop turn on SIGTERM': () => {
    for (;;);
  },
  'crashes on SIGTERM': () => {
    throw new Error('no \u001b[31mluck');
  },
  'listens again on SIGTERM': () => server.close(() => server.listen(Number(process.env.PORT), process.env.HOST)),
};

const ON_REQUEST = {
  'crashes at each request': () => process.exit(7),
};

const kind = process.argv[2];
if (!(kind in BEFORE) && !(kind in ON_SIGTERM) && !(kind in ON_REQUEST)) throw new Error(`no kind "${kind}"`);
const server = createServer((_request, response) => {
  ON_REQUEST[kind]?.();
  response.end('ok');
});
process.on('SIGTERM', () => {
  if (ON_SIGTERM[kind]) ON_SIGTERM[kind]();
  else server.close(() => process.exit(0));
});
if (BEFORE[kind]?.() !== 'does not serve') server.listen(Number(process.env.PORT), process.env.HOST);
