/** Responses of an HTTP server that is not an API server, or not a sane one. */
import { type Answer, allows, json, TOKEN } from './api-servers.ts';

const typed =
  (type: string, body: string, status = 200): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': type, 'retry-after': '1' });
    response.end(body);
  };

const refused =
  (status: number, message: string): Answer =>
  (_, response) =>
    json(response, { kind: 'Status', message }, status);

/** The metadata of a valid list. */
const listed =
  (body: unknown): Answer =>
  (_, response, url) => {
    if (!allows(response, url)) json(response, body);
  };

let page = 0;
export const ANSWERS: Record<string, Answer> = {
  'a login page': typed('text/html', '<html>\u001b[31mplease log in</html>'),
  'a page as JSON': typed('application/json', '<html></html>'),
  'no content type': (_, response) => response.end('{}'),
  'a redirect in a circle': (request, response) => response.writeHead(302, { location: request.url ?? '/' }).end(),
  'a redirect elsewhere': (_, response) =>
    response.writeHead(307, { location: `http://u:${TOKEN}@127.0.0.1:1/?token=${TOKEN}` }).end(),
  'too many requests for ever': typed('application/json', '{"message":"try again later"}', 429),
  'away for ever': typed('text/html', '<h1>503</h1>', 503),
  'the token in its refusal': (request, response) =>
    json(response, { kind: 'Status', message: `bad header ${request.headers.authorization}` }, 400),
  'a refusal of 1 MB': refused(403, 'x'.repeat(1_000_000)),
  'a refusal of many lines': refused(403, 'a\nb\r\nc\u001b[2J\u0000'),
  'a refusal without end': (_, response) => {
    response.writeHead(500, { 'content-type': 'text/plain' });
    const more = () => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  },
  'a refusal of the wrong type': typed('application/json', '{"message":{"a":1}}', 500),
  'an empty answer': listed(''),
  null: listed('null'),
  'a number': listed('7'),
  'a text': listed('"items"'),
  'a list without a frame': listed([]),
  'an object without items': listed({ kind: 'Status' }),
  'items that are a text': listed({ items: 'none' }),
  'items that are an object': listed({ items: {} }),
  'items of null': listed({ items: [null] }),
  'items of numbers': listed({ items: [1, 2] }),
  'items without metadata': listed({ items: [{}] }),
  'items with metadata that is a text': listed({ items: [{ metadata: 'x' }] }),
  'items without a spec': listed({ items: [{ metadata: { name: 'a', namespace: 'default' } }] }),
  'items with a spec of null': listed({ items: [{ metadata: { name: 'a', namespace: 'default' }, spec: null }] }),
  'containers that are a text': listed({
    items: [
      {
        metadata: { name: 'a', namespace: 'default' },
        spec: { template: { spec: { containers: 'x' } }, containers: 'x' },
      },
    ],
  }),
  'a page that leads to itself': listed({ metadata: { continue: 'x' }, items: [{ metadata: { name: 'a' } }] }),
  'pages without end': (_, response, url) => {
    if (!allows(response, url))
      json(response, { metadata: { continue: `p${page++}` }, items: [{ metadata: { name: 'a' } }] });
  },
  'empty pages without end': (_, response, url) => {
    if (!allows(response, url)) json(response, { metadata: { continue: `p${page++}` }, items: [] });
  },
  'nested without end': listed(`{"items":[{"metadata":{"name":"a"},"spec":${'['.repeat(1e6)}${']'.repeat(1e6)}}]}`),
  'reviews that are not': (_, response) => json(response, { status: 7 }, 201),
  'reviews of null': (_, response) => json(response, 'null', 201),
};
