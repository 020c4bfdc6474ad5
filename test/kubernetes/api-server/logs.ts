/** The pods' logs on the API server for tests: followed, with timestamps, cut. */
import type { ServerResponse } from 'node:http';

interface Line {
  /** RFC 3339 as Go writes it, without trailing zeros in the fraction. */
  time: string;
  text: string;
}

export class PodLog {
  readonly #lines: Line[] = [];
  readonly #followers = new Set<ServerResponse>();
  /** Ends the log: present and future followers end too. */
  #ended = false;
  #nanos = 0n;

  /** Adds a line. @param time RFC 3339; by default later than all earlier lines */
  write(text: string, time = this.#nextTime()): void {
    const line = { time, text };
    this.#lines.push(line);
    for (const response of this.#followers) response.write(written(line));
  }

  /** Sends an incomplete line to the followers and cuts their connections. */
  cut(part = ''): void {
    for (const response of this.#followers) {
      if (part === '') response.destroy();
      else response.write(part, () => response.destroy());
    }
  }

  end(): void {
    this.#ended = true;
    for (const response of this.#followers) response.end();
  }

  /**
   * Answers GET …/log. Rounds `sinceTime` and the beginning of `sinceSeconds` down to whole seconds, as the real server
   * does, so some lines come again.
   */
  serve(query: URLSearchParams, response: ServerResponse): void {
    const seconds = query.get('sinceSeconds');
    const from = seconds === null ? query.get('sinceTime') : new Date(Date.now() - Number(seconds) * 1000);
    const since = Math.floor(new Date(from ?? 0).getTime() / 1000) * 1000;
    const tail = query.get('tailLines');
    const lines = this.#lines.filter(({ time }) => Date.parse(time) >= since);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    for (const line of tail === null ? lines : lines.slice(-Number(tail))) response.write(written(line));
    if (query.get('follow') !== 'true' || this.#ended) {
      response.end();
      return;
    }
    this.#followers.add(response);
    response.on('close', () => this.#followers.delete(response));
  }

  get followers(): number {
    return this.#followers.size;
  }

  #nextTime(): string {
    const nanos = BigInt(Date.now()) * 1_000_000n;
    this.#nanos = nanos > this.#nanos ? nanos : this.#nanos + 1n;
    const seconds = new Date(Number(this.#nanos / 1_000_000n)).toISOString().slice(0, 19);
    const fraction = String(this.#nanos % 1_000_000_000n)
      .padStart(9, '0')
      .replace(/0+$/, '');
    return `${seconds}${fraction === '' ? '' : '.'}${fraction}Z`;
  }
}

function written({ time, text }: Line): string {
  return `${time} ${text}\n`;
}
