// A plain fetch handler, as anybody writes one: no framework, no knowledge of this project.
export function fetch(request) {
  const { pathname } = new URL(request.url);
  if (pathname === '/slow') return new Promise((resolve) => setTimeout(() => resolve(new Response('slow')), 800));
  if (pathname === '/redirect') return Response.redirect(new URL('/', request.url));
  return new Response('hello');
}

/** An event stream that goes on until `stopping` is aborted. */
export function events(stopping) {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('data: hello\n\n'));
      stopping.addEventListener('abort', () => controller.close());
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
