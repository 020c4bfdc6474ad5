import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { gracefulFetch } from '../../app/graceful-fetch.ts';
import { Lifecycle } from '../../app/lifecycle.ts';

let lifecycle: Lifecycle;

beforeEach(() => {
  lifecycle = new Lifecycle();
  lifecycle.ready();
});

const request = () => new Request('http://pod-1/');

describe('gracefulFetch', () => {
  it('does not wrap a response that is ready at once in a promise, because some servers send those faster', () => {
    const response = new Response('here');
    assert.equal(gracefulFetch(() => response, lifecycle)(request()), response);
    assert.deepEqual([lifecycle.active.requests, lifecycle.handled], [0, 1]);
  });

  it('counts a request as work until its promise is settled', async () => {
    let resolve = (_: Response) => {};
    const promise = new Promise<Response>((done) => {
      resolve = done;
    });
    const response = gracefulFetch(() => promise, lifecycle)(request());
    assert.equal(lifecycle.active.requests, 1);
    resolve(new Response('later'));
    assert.equal(await (await response).text(), 'later');
    assert.equal(lifecycle.active.requests, 0);
  });

  it('passes an error on, and counts its request as done', async () => {
    const thrown = () => {
      throw new Error('at once');
    };
    assert.throws(() => gracefulFetch(thrown, lifecycle)(request()), /at once/);
    await assert.rejects(
      async () => gracefulFetch(() => Promise.reject(new Error('later')), lifecycle)(request()),
      /later/,
    );
    assert.deepEqual([lifecycle.active.requests, lifecycle.handled], [0, 2]);
  });

  const responses: [what: string, response: () => Response | Promise<Response>, status: number][] = [
    ['a response at once', () => new Response('here'), 200],
    ['a later one', async () => new Response('later'), 200],
    ['one whose headers are fixed', () => Response.redirect('http://pod-2/'), 302],
  ];
  for (const [what, respond, status] of responses) {
    it(`asks the client to close the connection while draining: ${what}`, async () => {
      lifecycle.drain();
      const response = await gracefulFetch(respond, lifecycle)(request());
      assert.deepEqual([response.status, response.headers.get('connection')], [status, 'close']);
    });
  }

  it('answers the readiness path itself', async () => {
    const fetch = gracefulFetch(() => new Response('app'), lifecycle, '/');
    assert.equal((await fetch(request())).status, 200);
    lifecycle.drain();
    assert.equal((await fetch(request())).status, 503);
  });
});
