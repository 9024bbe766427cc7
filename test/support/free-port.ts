import { createServer, type Server } from 'node:net';

/** Ports of the loopback interface that nobody listens on now. Somebody may take them before they are used. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All are held until all are known, or one might be given twice.
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server does not listen on a port');
  return address.port;
}
