import { createServer, type Server } from 'node:net';
import type { TeardownOwner } from './teardowns.js';

/** Ports of the loopback interface that are free now. Another process may take them before they are used. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All are kept open until all are known, so that none is returned twice.
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A port that is in use until the owner ends. */
export async function takenPort(owner: TeardownOwner): Promise<number> {
  const server = await listen();
  owner.teardown(() => new Promise((resolve) => server.close(resolve)));
  return portOf(server);
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server does not listen on a port');
  return address.port;
}
