import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { HeldResponse } from '../../src/requests/index.js';
import { Connection, request } from '../support/http-client.js';
import { until } from '../support/http-kit.js';
import { reportedFault } from '../websocket/reported-fault.js';

const batch = { messages: [], cursor: 'e.0', lost: 0 };

async function serve(t: ExecutionContext, handle: (raw: ServerResponse) => void): Promise<number> {
  const server = createServer((_request, response) => handle(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('a middleware that wraps writeHead and reads a list of headers as pairs does not change them', async (t) => {
  const port = await serve(t, (raw) => {
    const { writeHead } = raw;
    // Like `on-headers` before 1.1.
    raw.writeHead = (status: number, headers?: unknown) => {
      if (Array.isArray(headers)) for (const [name, value] of headers) raw.setHeader(name, value);
      return writeHead.call(raw, status);
    };
    new HeldResponse(raw).deliver(batch, undefined);
  });
  const { status, headers } = await request(port, '/');
  t.is(status, 200);
  t.is(headers.get('content-type'), 'application/json');
  t.is(headers.get('cache-control'), 'no-store');
});

for (const method of ['writeHead', 'setHeader', 'end'] as const) {
  test(`an exception of a middleware in ${method} is reported, and the request still ends`, async (t) => {
    const fault = reportedFault(new RegExp(`middleware failed in ${method}$`, 'm'));
    const port = await serve(t, (raw) => {
      raw[method] = () => {
        throw new Error(`middleware failed in ${method}`);
      };
      const held = new HeldResponse(raw);
      t.notThrows(() => held.fail(new Error('the poll failed')));
    });
    await t.throwsAsync(request(port, '/'));
    await fault;
  });
}

test('an exception of an acknowledgement is reported, and the answer is sent', async (t) => {
  const fault = reportedFault(/the acknowledgement failed/);
  const port = await serve(t, (raw) => {
    new HeldResponse(raw).deliver(batch, () => {
      throw new Error('the acknowledgement failed');
    });
  });
  t.is((await request(port, '/')).status, 200);
  await fault;
});

test('an exception of a close listener is reported', async (t) => {
  const fault = reportedFault(/the listener failed/);
  const port = await serve(t, (raw) => {
    const held = new HeldResponse(raw);
    held.onceClosed(() => {
      throw new Error('the listener failed');
    });
    held.deliver(batch, undefined);
  });
  t.is((await request(port, '/')).status, 200);
  await fault;
});

test('an answer after the application has answered is reported, and does not throw', async (t) => {
  const fault = reportedFault(/ERR_HTTP_HEADERS_SENT/);
  const port = await serve(t, (raw) => {
    raw.writeHead(204);
    raw.flushHeaders();
    t.notThrows(() => new HeldResponse(raw).deliver(batch, undefined));
  });
  await request(port, '/').catch(() => {});
  await fault;
});

test('the answer to a pipelined request is encoded only once the answers before it were written', async (t) => {
  const held: HeldResponse[] = [];
  const port = await serve(t, (raw) => held.push(new HeldResponse(raw)));
  const connection = await Connection.open(port);
  connection.send('/first').send('/second');
  await until(() => held.length === 2);
  let isEncoded = false;
  const second = {
    ...batch,
    get messages() {
      isEncoded = true;
      return [];
    },
    cursor: 'e.2',
  };
  held[1]?.deliver(second, undefined);
  t.false(isEncoded);
  held[0]?.deliver({ ...batch, cursor: 'e.1' }, undefined);
  for (const cursor of ['e.1', 'e.2']) t.is(JSON.parse((await connection.response()).body).cursor, cursor);
  t.true(isEncoded);
  await connection.close();
});

test('an answer whose client disconnects before its turn is never encoded', async (t) => {
  const held: HeldResponse[] = [];
  let closed = 0;
  const port = await serve(t, (raw) => {
    const response = new HeldResponse(raw);
    response.onceClosed(() => {
      closed += 1;
    });
    held.push(response);
  });
  const connection = await Connection.open(port);
  connection.send('/first').send('/second');
  await until(() => held.length === 2);
  const second = {
    ...batch,
    get messages(): [] {
      t.fail('encoded');
      return [];
    },
  };
  held[1]?.deliver(second, undefined);
  await connection.close();
  await until(() => closed === 2);
  held[0]?.deliver(batch, undefined);
  t.pass();
});

test('a connection on which more than 100 polls are queued is ended', async (t) => {
  let count = 0;
  const port = await serve(t, (raw) => {
    count += 1;
    new HeldResponse(raw).onceClosed(() => {});
  });
  const connection = await Connection.open(port);
  for (let each = 0; each < 100; each += 1) connection.send('/');
  await until(() => count === 100);
  t.false(connection.isClosed);
  connection.send('/');
  await connection.closed();
  t.is(count, 101);
});
