/** Faults of requests to the API server for tests, by rules that a test sets. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Fault {
  method?: string;
  /** Matches the path with its query. */
  path: RegExp;
  /** How many requests it affects; by default all. */
  times?: number;
  /**
   * Handles the request differently, or not at all. If it resolves to 'pass', the request is then answered normally.
   */
  does(response: ServerResponse, request?: IncomingMessage): Promise<'pass'> | unknown;
}

/** Refuses a request as the API server does. */
export function statusObject(code: number, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code };
}

export function refuse(code: number, message: string, headers: Record<string, string> = {}): Fault['does'] {
  return (response) =>
    response
      .writeHead(code, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(statusObject(code, message)));
}

/** Responds as a proxy would. */
export function html(code: number): Fault['does'] {
  const body = '<html>\n<body><h1>Bad Gateway</h1></body>\n</html>\n';
  return (response) => response.writeHead(code, { 'content-type': 'text/html' }).end(body);
}

export function json(body: unknown): Fault['does'] {
  return (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Cuts the connection, before the response or within it. */
export function cut(begun?: string): Fault['does'] {
  return (response) => {
    if (begun === undefined) response.destroy();
    else response.writeHead(200, { 'content-type': 'application/json' }).write(begun, () => response.destroy());
  };
}

/** Never responds. */
export const silent: Fault['does'] = () => undefined;

/** Holds the request until the gate is opened. */
export function gate(): { does: Fault['does']; open(): void } {
  let open = () => {};
  const opened = new Promise<'pass'>((resolve) => {
    open = () => resolve('pass');
  });
  return { does: () => opened, open };
}

export class Faults {
  readonly #rules: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#rules.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** Returns true if the request has been handled. */
  async strike(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { method, url = '' } = request;
    const rule = this.#rules.find(
      ({ fault, left }) => left > 0 && (fault.method ?? method) === method && fault.path.test(url),
    );
    if (!rule) return false;
    rule.left--;
    return (await rule.fault.does(response, request)) !== 'pass';
  }
}
