import { createServer, type Server } from 'node:net';
import type { TeardownOwner } from './teardowns.js';

/**
 * Ports below the range from which Linux (32 768), macOS and Windows (49 152) take the local ports of outgoing connections:
 * from that range a connection of another test could take a port before the server that it is for listens.
 */
const firstPort = 20_000;
const portCount = 12_000;

/** Ports of the loopback interface that are free now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All are kept open until all are known, so that none is returned twice.
  const servers = await Promise.all(Array.from({ length: count }, listenOnFreePort));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A port that is in use until the owner ends. */
export async function takenPort(owner: TeardownOwner): Promise<number> {
  const server = await listenOnFreePort();
  owner.teardown(() => new Promise((resolve) => server.close(resolve)));
  return portOf(server);
}

async function listenOnFreePort(): Promise<Server> {
  for (;;) {
    // At random, because other processes of the tests search as well.
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
