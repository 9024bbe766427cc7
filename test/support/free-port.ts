import { createServer, type Server } from 'node:net';
import type { TeardownOwner } from './teardowns.js';

/**
 * Ports below those that Linux (32 768 and up), macOS and Windows (49 152 and up) assign to outgoing connections.
 * Otherwise a connection of another test could take a port before the intended server listens.
 */
const firstPort = 20_000;
const portCount = 12_000;

/** Returns ports of the loopback interface that are free now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // Keeps all ports open until all are known, so that no port is returned twice.
  const servers = await Promise.all(Array.from({ length: count }, listenOnFreePort));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Returns a port that is in use until the owner ends. */
export async function takenPort(owner: TeardownOwner): Promise<number> {
  const server = await listenOnFreePort();
  owner.teardown(() => new Promise((resolve) => server.close(resolve)));
  return portOf(server);
}

async function listenOnFreePort(): Promise<Server> {
  for (;;) {
    // At random, because other test processes search for ports as well.
    const server = await listen(firstPort + Math.floor(Math.random() * portCount));
    if (server !== undefined) return server;
  }
}

/** @returns `undefined` if the port is in use */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server does not listen on a port');
  return address.port;
}
