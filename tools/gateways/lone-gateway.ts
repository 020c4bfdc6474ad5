/** A gateway with its defaults in front of one server on loopback, without a cluster. */
import { gatewayNamed } from '../../src/gateways/registry.ts';
import { GatewayProcess } from '../../src/gateways/running-gateway.ts';
import { installedGateway } from '../../src/gateways/way.ts';
import { holdPort } from '../../src/processes/ports.ts';

export const HOST = '127.0.0.1';

/**
 * Runs a measurement through the gateway, and ends the gateway afterwards.
 * @param name as in --through; the program must be on the PATH
 * @param serverPort where the server listens
 */
export async function throughGateway<T>(
  name: string,
  serverPort: number,
  run: (gateway: { port: number; version: string }) => Promise<T>,
): Promise<T> {
  const kind = gatewayNamed(name);
  if (!kind) throw new Error(`no gateway "${name}"`);
  const { binary, version } = await installedGateway({ name, kind, upstream: 'pods' }, {});
  const ports = [await holdPort(), await holdPort()];
  const [port = 0, adminPort = 0] = ports.map((held) => held.port);
  const upstream = { host: HOST, port: serverPort };
  const onDeath = (error: Error) => {
    throw error;
  };
  const gateway = await GatewayProcess.start({ kind, binary, host: HOST, port, adminPort, onDeath }, [upstream]);
  try {
    await gateway.apply([upstream]);
    return await run({ port, version });
  } finally {
    await gateway.stop();
    for (const held of ports) held.release();
  }
}
