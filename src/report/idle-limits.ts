/** The topic idle-timeout: how long servers and gateways keep idle connections, which pairs race, and what to set. */
import { GATEWAYS, type GatewayLimit } from '../idle-limits/gateways.ts';
import { keepsText, races } from '../idle-limits/races.ts';
import { SERVERS, type ServerLimit } from '../idle-limits/servers.ts';
import { wrapped } from './wrap.ts';

export const IDLE_TOPIC = {
  id: 'idle-timeout',
  title: 'idle limits of servers and gateways, and which of them race',
} as const;

/** The gateway for which the examples of settings are. */
const EXAMPLE_SECONDS = 65;

/** Each is a paragraph, in plain text. */
const WHY = [
  'A gateway keeps connections to a server open and sends later requests on them. The server closes a connection that was idle for a while. If it does so sooner than the gateway, a request is sometimes sent just as the connection closes. That request is lost, without any rollout. The server has not read it, so its log says nothing.',
  "The server's limit must be longer than the gateway's, so that the gateway closes the connection. Then no request is on its way.",
] as const;

const MEASURE =
  "`k8s-rollout-test conform --case idle-limit -- COMMAND` measures the limit of your server. A framework may set another limit than the runtime's default. `check` reports pairs that a manifest names (idle-limit-below-gateway).";

const MEASURED = 'Measured with one idle connection that had carried one GET (case 34 of conform).';
const BY_DEFAULT =
  'By default. Each limit is from the source that is named below. Measured: when the gateway closed idle connections to a server that closes none, after a burst of 20 requests on loopback (`npm run gateways:idle` in the repository).';
const LOST =
  'What a client got when a server closed a used connection as the next request came on it: 20 tries each, on loopback, with the defaults of the gateway (`npm run gateways:idle` in the repository).';

/** For the terminal, in lines of at most 100 characters. */
export function idleLimitsText(): string {
  return `${[
    `${IDLE_TOPIC.id}: ${IDLE_TOPIC.title}`,
    ...WHY.map((text) => wrapped(text)),
    section('Servers', MEASURED, columns(SERVERS.map(serverRow)), SERVERS.map(noteOf)),
    section(
      'Gateways, how long they keep an idle connection, and which servers race with them',
      BY_DEFAULT,
      columns([['', 'default', 'measured', 'races with'], ...GATEWAYS.map(gatewayRow)]),
      GATEWAYS.filter(({ note }) => note).map(noteOf),
    ),
    section(
      'What is lost',
      LOST,
      columns(
        GATEWAYS.flatMap(({ name, lost }) =>
          lost ? [[shortName(name), lost.version, `GET: ${lost.get}`, `POST: ${lost.post}`]] : [],
        ),
      ),
    ),
    section(
      'Set the limit of the server above that of the gateway, here 60 s',
      undefined,
      columns(SERVERS.map((server) => [shortName(server.name), server.setting(EXAMPLE_SECONDS)])),
    ),
    section(
      'Or the limit of the gateway below that of the server',
      undefined,
      [],
      GATEWAYS.map(({ name, setting }) => `${shortName(name)}: ${setting}.`),
    ),
    section(
      'Sources',
      undefined,
      [],
      GATEWAYS.map(({ name, source }) => `${shortName(name)}: ${source}.`),
    ),
    wrapped(MEASURE),
  ].join('\n\n')}\n`;
}

/** docs/idle-timeouts.md, in paragraphs. */
export function idleLimitsPage(): string[] {
  return [
    ...WHY,
    '## Servers',
    MEASURED,
    markdownTable(['server', 'version', 'closes an idle connection', 'announces'], SERVERS.map(pageServerRow)),
    ...SERVERS.map(noteOf),
    '## Gateways, and which servers race with them',
    BY_DEFAULT,
    markdownTable(
      ['gateway', 'keeps an idle connection for', 'measured', ...SERVERS.map(({ name }) => shortName(name))],
      GATEWAYS.map((gateway) => [
        gateway.name,
        keepsText(gateway.keepsMs),
        measuredText(gateway),
        ...SERVERS.map((server) => (races(server, gateway) ? '**races**' : '–')),
      ]),
    ),
    ...GATEWAYS.filter(({ note }) => note).map(noteOf),
    '## What is lost',
    LOST,
    markdownTable(
      ['gateway', 'version', 'GET', 'POST'],
      GATEWAYS.flatMap(({ name, lost }) => (lost ? [[shortName(name), lost.version, lost.get, lost.post]] : [])),
    ),
    '## What to set',
    'Set the limit of the server above that of the gateway. For a gateway that keeps connections for 60 s:',
    markdownTable(
      ['server', 'setting'],
      SERVERS.map((server) => [shortName(server.name), code(server, server.setting(EXAMPLE_SECONDS))]),
    ),
    'Or set the limit of the gateway below that of the server:',
    markdownTable(
      ['gateway', 'setting', 'source of its limit'],
      GATEWAYS.map(({ name, setting, source }) => [shortName(name), setting, source]),
    ),
    MEASURE,
  ];
}

function serverRow({ name, version, closesAfterMs, observedMs, announcedSeconds }: ServerLimit): string[] {
  return [`${name} ${version}`, closes(closesAfterMs, observedMs), announces(announcedSeconds)];
}

function pageServerRow({ name, version, closesAfterMs, observedMs, announcedSeconds }: ServerLimit): string[] {
  const announced = announcedSeconds === undefined ? 'nothing' : `\`Keep-Alive: timeout=${announcedSeconds}\``;
  return [name, version, closes(closesAfterMs, observedMs), announced];
}

function closes(closesAfterMs: number | undefined, observedMs: number): string {
  return closesAfterMs === undefined ? `open after ${observedMs / 1000} s` : `after ${closesAfterMs / 1000} s`;
}

function announces(seconds: number | undefined): string {
  return seconds === undefined ? 'announces nothing' : `announces Keep-Alive: timeout=${seconds}`;
}

function gatewayRow(gateway: GatewayLimit): string[] {
  return [gateway.name, keepsText(gateway.keepsMs), measuredText(gateway), racing(gateway) || 'none'];
}

function measuredText({ measured }: GatewayLimit): string {
  return measured ? `${measured.closedAfter} (${measured.version})` : 'not measured';
}

function racing(gateway: GatewayLimit): string {
  return SERVERS.filter((server) => races(server, gateway))
    .map(({ name }) => shortName(name))
    .join(', ');
}

/** "Node" for "Node (http)". */
function shortName(name: string): string {
  return name.replace(/ \(.*\)$| \d.*$/, '');
}

function noteOf({ name, note }: { name: string; note: string }): string {
  return `${shortName(name)}: ${note}`;
}

function code({ id }: ServerLimit, setting: string): string {
  return id === 'deno' ? setting : `\`${setting}\``;
}

function section(title: string, text: string | undefined, rows: readonly string[], notes: readonly string[] = []) {
  return [
    `${title}:`,
    ...(text === undefined ? [] : [wrapped(text, '  ')]),
    ...rows.map((row) => `  ${row}`),
    ...notes.map((note) => wrapped(note, '  ')),
  ].join('\n');
}

/** Rows whose cells begin in the same columns. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const width = (index: number) => Math.max(...rows.map((row) => row[index]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(width(index)))
      .join('  ')
      .trimEnd(),
  );
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
