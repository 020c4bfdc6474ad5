/** The requests that the cases send, as text. */

const HEAD = 'Host: localhost\r\nUser-Agent: k8s-rollout-test\r\n';

export function get(path: string, ...fields: string[]): string {
  return `GET ${path} HTTP/1.1\r\n${HEAD}${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
}

/** The head of a POST request with a body of this many bytes, which is sent later. */
export function postHead(path: string, bodyBytes: number): string {
  const type = 'Content-Type: application/octet-stream\r\n';
  return `POST ${path} HTTP/1.1\r\n${HEAD}${type}Content-Length: ${bodyBytes}\r\n\r\n`;
}

export function post(path: string, bodyBytes: number): string {
  return postHead(path, bodyBytes) + 'x'.repeat(bodyBytes);
}

/** A request head cut in two in the middle of a field. */
export function getInTwoParts(path: string): [string, string] {
  const text = get(path);
  const middle = text.indexOf('k8s-rollout-test');
  return [text.slice(0, middle), text.slice(middle)];
}
