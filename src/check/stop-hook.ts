/** What a preStop hook does, as far as its command shows: how long it sleeps, and whether it tells the app to stop. */
import type { LifecycleHandler } from '../kubernetes-rules/written-objects.ts';
import { readScript, shellInput, shellName } from './shell-script.ts';

export interface StopHook {
  /** How long the hook takes, in seconds; undefined if not known (a script, a request). */
  seconds: number | undefined;
  /**
   * How long the app keeps accepting connections, in seconds: as long as the hook takes, or until the hook tells the app
   * to stop. Undefined if not known.
   */
  servesSeconds: number | undefined;
  /** The command that tells the app to stop, if the hook has one. */
  quits?: string;
}

/** One command of the hook: it sleeps, it tells the app to stop, or it takes no time that matters. */
type Step = { sleeps: number } | { quits: string } | { passes: true };

export function readHook(hook: LifecycleHandler): StopHook {
  if (hook.sleep) return { seconds: hook.sleep.seconds, servesSeconds: hook.sleep.seconds };
  const command = hook.exec?.command ?? [];
  const quit = shellName(command[0] ?? '') === undefined && quitCommand(command);
  if (quit) return { seconds: undefined, servesSeconds: 0, quits: quit };
  const seconds = sleptSeconds(command);
  const steps = stepsBeforeQuit(command);
  if (!steps) return { seconds, servesSeconds: seconds };
  return { seconds, servesSeconds: steps.seconds, quits: steps.quits };
}

/** The total duration of `sleep 5`, or of consecutive sleeps in a shell script. */
function sleptSeconds(command: readonly string[]): number | undefined {
  const sleeps = shellName(command[0] ?? '') === undefined ? [command] : sleepsIn(command.slice(1));
  if (!sleeps || sleeps.length === 0 || !sleeps.every(isSleep)) return undefined;
  const seconds = sleeps.map(sleepSeconds);
  return seconds.some(Number.isNaN) ? undefined : seconds.reduce((sum, value) => sum + value, 0);
}

/**
 * The sleeps in a shell's `-c` text; undefined if they may not run one after the other, or if the text is not
 * understood.
 */
function sleepsIn(args: readonly string[]): string[][] | undefined {
  const input = shellInput(args);
  const script = input && 'script' in input ? readScript(input.script) : undefined;
  if (!script) return undefined;
  const sleeps = script.commands.filter(({ words }) => isSleep(words));
  const last = sleeps.at(-1);
  const before = last ? script.commands.slice(0, script.commands.indexOf(last)) : [];
  const mayEndEarly = before.some(({ words: [program = ''] }) => ENDS_SCRIPT.includes(program));
  if (mayEndEarly || sleeps.some(({ place }) => place !== 'line')) return undefined;
  return sleeps.map(({ words }) => words);
}

const ENDS_SCRIPT = ['exit', 'return', 'eval', 'exec'];

/**
 * The command in a script that tells the app to stop, and how long the script sleeps before it. Undefined if there is
 * none, or if something before it takes a time that is not known.
 */
function stepsBeforeQuit(command: readonly string[]): { seconds: number; quits: string } | undefined {
  const input = shellName(command[0] ?? '') === undefined ? undefined : shellInput(command.slice(1));
  const script = input && 'script' in input ? readScript(input.script) : undefined;
  let seconds = 0;
  for (const { words, place } of script?.commands ?? []) {
    const step = place === 'child' ? { passes: true as const } : stepOf(words);
    if (!step || ('sleeps' in step && place !== 'line')) return undefined;
    if ('quits' in step) return { seconds, quits: step.quits };
    if ('sleeps' in step) seconds += step.sleeps;
  }
  return undefined;
}

const TAKES_NO_TIME = [
  'echo',
  'printf',
  'set',
  'export',
  'cd',
  'touch',
  'true',
  ':',
  'date',
  'test',
  '[',
  'rm',
  'logger',
];

function stepOf(words: readonly string[]): Step | undefined {
  const [first = '', ...rest] = words;
  if (isSleep(words)) {
    const seconds = sleepSeconds(words);
    return Number.isNaN(seconds) ? undefined : { sleeps: seconds };
  }
  const quits = quitCommand(first === 'exec' ? rest : words);
  if (quits !== undefined) return { quits };
  return TAKES_NO_TIME.includes(first) || /^\w+=/.test(first) ? { passes: true } : undefined;
}

const STOPPING_SIGNALS = ['TERM', 'QUIT', 'INT', 'KILL', 'WINCH', '15', '3', '2', '9', '28'];

/** The words, as text, if they tell the app to stop: `nginx -s quit`, `kill -QUIT 1`, `apachectl -k graceful-stop`. */
function quitCommand(words: readonly string[]): string | undefined {
  const [first = '', ...rest] = words;
  const program = first.split('/').at(-1) ?? first;
  const stops = () => {
    if (['nginx', 'openresty'].includes(program))
      return rest[rest.indexOf('-s') + 1] === 'quit' || rest.includes('stop');
    if (['apachectl', 'apache2ctl', 'httpd'].includes(program))
      return rest.some((word) => /^(graceful-)?stop$/.test(word));
    if (['catalina.sh', 'caddy', 'pumactl'].includes(program)) return rest.includes('stop');
    if (program === 'uwsgi') return rest.includes('--stop');
    return ['kill', 'pkill', 'killall'].includes(program) && sendsStop(rest);
  };
  return stops() ? words.join(' ') : undefined;
}

function sendsStop(args: readonly string[]): boolean {
  const index = args.findIndex((word) => /^-(s|-signal)$/.test(word));
  const given = index >= 0 ? args[index + 1] : args.find((word) => /^-(-signal=)?(SIG)?[A-Z0-9]+$/.test(word));
  const signal = (given ?? 'TERM').replace(/^-(-signal=)?/, '').replace(/^SIG/, '');
  return STOPPING_SIGNALS.includes(signal) || (signal === 'USR1' && args.includes('haproxy'));
}

function isSleep([first, second]: readonly string[]): boolean {
  return namesSleep(first ?? '') || (first === 'exec' && namesSleep(second ?? ''));
}

function namesSleep(word: string): boolean {
  return word === 'sleep' || word.endsWith('/sleep');
}

/** Not a number if an argument is not one. */
function sleepSeconds(words: readonly string[]): number {
  const durations = words.slice(words.findIndex(namesSleep) + 1).map(duration);
  return durations.length === 0 ? Number.NaN : durations.reduce((sum, value) => sum + value, 0);
}

/** The seconds in one argument of sleep(1): `5`, `0.5`, `1m`. */
function duration(word: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(word) ?? [];
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? 1;
  return number === undefined ? Number.NaN : Number(number) * factor;
}
