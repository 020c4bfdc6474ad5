/** The options of `run` that say which requests are sent and which sessions are held open. */
import { Option } from 'commander';
import { MAX_RATE_PER_S, MAX_SESSIONS, RequestScenario } from '../load/request-mix.ts';
import { CONNECTIONS, DEFAULT_SESSIONS } from '../load/request-settings.ts';
import { listOf, requestPath, whole } from './argument-parsers.ts';

export function requestOptions(): Option[] {
  const fromFlags = [
    new Option('--path <path>', 'the path to request (default: /)').argParser(requestPath),
    new Option('--method <method>', 'the method (default: GET, or POST with a body)').choices(
      RequestScenario.shape.method.options,
    ),
    new Option('--body <text>', 'the body of each request'),
    new Option(
      '--scenario <names>',
      `kinds of connections, comma-separated: ${CONNECTIONS.join(', ')} (default: keep-alive,fresh)`,
    ).argParser(listOf('scenario', CONNECTIONS)),
    sessionsOption(),
    new Option('--events-path <path>', 'the path of event streams (default: --path)').argParser(requestPath),
    new Option('--ws-path <path>', 'the path of WebSockets (default: --path)').argParser(requestPath),
  ];
  return [
    ...fromFlags.map((option) => option.conflicts('workload')),
    new Option('--workload <file>', 'read the requests from this file, in the format of workload.json'),
    new Option('--rate <n>', 'requests per second, all scenarios together (default: 200)').argParser(
      whole(1, MAX_RATE_PER_S),
    ),
  ];
}

export function sessionsOption(): Option {
  return new Option(
    '--sessions <n>',
    `event streams, and WebSockets, that are held open (default: ${DEFAULT_SESSIONS} each)`,
  ).argParser(whole(1, MAX_SESSIONS));
}
