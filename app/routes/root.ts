import type { PodHandler } from '../answer.ts';
import { bodyLength, hasBody } from '../body-length.ts';

/** GET, POST / : an ordinary short request. */
export function root(podName: string): PodHandler {
  return (c, exchange) => {
    const reply = (receivedBytes: number) => exchange.json({ pod: podName, receivedBytes });
    return hasBody(c.req.method) ? bodyLength(c.req.raw).then(reply) : reply(0);
  };
}
