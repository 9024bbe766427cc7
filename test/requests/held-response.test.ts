import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { HeldResponse } from '../../src/requests/index.js';
import { request } from '../support/http-client.js';
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
    // As `on-headers` did before 1.1.
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
  test(`an exception of a middleware in ${method} is reported, and the request is not left without an end`, async (t) => {
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

test('an exception of a listener of the close is reported', async (t) => {
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
