import { Redis } from 'ioredis';
import { openNode } from '../node.js';
import { accountOf, IP } from '../operations/subject.js';

/** The arguments of an `EVALSHA` with one call. */
export type Command = readonly string[];

export interface RecordedCalls {
  readonly create: Command;
  readonly authenticate: Command;
  readonly kill: Command;
  /** The session of all three calls. */
  readonly id: string;
  readonly accountId: string;
}

/** The commands that the store sends for login, look-up and logout of one session, each with one call. */
export async function recordCalls(port: number): Promise<RecordedCalls> {
  const client = new Redis({ port, host: '127.0.0.1' });
  const sent = recordScripts(client);
  const node = await openNode(client);
  const accountId = accountOf(0);
  try {
    sent.length = 0;
    const { id, token } = await node.manager.createSession(accountId, { ip: IP });
    await node.manager.authenticate(token);
    await node.manager.closeSession(id);
    const [create, authenticate, kill] = sent;
    if (create === undefined || authenticate === undefined || kill === undefined || sent.length !== 3) {
      throw new Error(`three calls were sent in ${sent.length} commands`);
    }
    return { create, authenticate, kill, id, accountId };
  } finally {
    await node.close();
    client.disconnect();
  }
}

/** Records the arguments of every `EVALSHA` of the client from now on. */
function recordScripts(client: Redis): Command[] {
  const sent: Command[] = [];
  const send = client.evalsha.bind(client);
  client.evalsha = (...args: unknown[]) => {
    sent.push(args.map(String));
    return Reflect.apply(send, client, args);
  };
  return sent;
}
