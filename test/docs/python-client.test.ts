import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { projectPath } from '../architecture/source-tree.js';
import { eventually } from '../support/eventually.js';
import { Kit } from '../support/http-kit.js';
import { limits } from '../support/limits.js';

const program = `
import json, sys
from session_mailbox import Closed, MailboxClient
url, token = sys.argv[1:3]
def tell(*what): print(json.dumps(what), flush=True)
try:
    for message in MailboxClient(url, token, on_lost=lambda count: tell("lost", count), on_reset=lambda: tell("reset")):
        tell(message["data"])
except Closed as closed:
    tell("closed", closed.code)
`;

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const isMissing = !hasPython();
// Python is not an npm package, so a contributor may not have it.
const pythonTest = isMissing ? test.skip : test;
const title = (text: string) => (isMissing ? `skipped, no python3 here: ${text}` : text);

/** Starts a process of the client, and records what it reports. */
function run(t: ExecutionContext, kit: Kit, token: string, code = program) {
  const child = spawn('python3', ['-c', code, `http://127.0.0.1:${kit.port}`, token], {
    cwd: projectPath('docs/clients/python'),
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const told: unknown[] = [];
  createInterface(child.stdout).on('line', (line) => told.push(JSON.parse(line)));
  return { told, exit: once(child, 'close') };
}

pythonTest(
  title('the client in Python delivers each message once, over cut connections, until its session ends'),
  async (t) => {
    const kit = await Kit.start('node');
    t.teardown(() => kit.close());
    const session = await kit.logIn();
    await kit.manager.push(session.id, 'one');
    const { told, exit } = run(t, kit, session.token);
    await eventually(() => told.length === 1 && kit.room.held === 1);
    await kit.manager.push(session.id, 'two');
    await eventually(() => told.length === 2 && kit.room.held === 1);
    kit.server.node.closeAllConnections();
    await kit.manager.push(session.id, 'three');
    await eventually(() => told.length === 3 && kit.room.held === 1);
    await kit.clock.advance(25_000);
    await eventually(() => kit.room.held === 1);
    t.is((await kit.manager.getSession(session.id)).undelivered, 0);
    await session.close('revoked');
    await exit;
    t.deepEqual(told, [['one'], ['two'], ['three'], ['closed', 'revoked']]);
  },
);

pythonTest(
  title('the client in Python receives the number of lost messages, and ends if its token is unknown'),
  async (t) => {
    const kit = await Kit.start('node', { context: { msgMaxLength: 2 } });
    t.teardown(() => kit.close());
    const session = await kit.logIn();
    // The reader has a cursor at the beginning, so the server can count the messages that a bound drops.
    await kit.poll(session.token, { reader: 'python', after: '' });
    for (const data of ['one', 'two', 'three']) await kit.manager.push(session.id, data);
    const { told } = run(t, kit, session.token);
    await eventually(() => told.length === 3);
    t.deepEqual(told, [['lost', 1], ['two'], ['three']]);
    const stranger = run(t, kit, 'x'.repeat(64));
    await stranger.exit;
    t.deepEqual(stranger.told, [['closed', 'SESSION_UNKNOWN']]);
  },
);

pythonTest(title('the client in Python tries again after temporary refusals'), async (t) => {
  const kit = await Kit.start('node');
  t.teardown(() => kit.close());
  const session = await kit.logIn();
  const statuses = [408, 425, 429];
  const { node } = kit.server;
  const routes = node.listeners('request');
  node.removeAllListeners('request');
  node.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const status = statuses.shift();
    if (status === undefined) for (const route of routes) route.call(node, request, response);
    else {
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ status, code: 'TOO_EARLY', detail: 'A sentence.' }));
    }
  });
  await kit.manager.push(session.id, 'one');
  const { told } = run(t, kit, session.token);
  await eventually(() => told.length === 1);
  t.deepEqual(told, [['one']]);
});

pythonTest(title('the client in Python follows no redirect, and tries again after half an answer'), async (t) => {
  const kit = await Kit.start('node');
  t.teardown(() => kit.close());
  const session = await kit.logIn();
  const { node } = kit.server;
  const routes = node.listeners('request');
  const paths: string[] = [];
  const answers = [
    (response: ServerResponse) => response.writeHead(302, { location: '/login' }).end(),
    (response: ServerResponse) => {
      response.writeHead(502, { 'content-length': '500' });
      response.write('Bad', () => response.destroy());
    },
    (response: ServerResponse) => response.end(JSON.stringify({ messages: [], cursor: 'a.1.1' })),
  ];
  node.removeAllListeners('request');
  node.on('request', (request: IncomingMessage, response: ServerResponse) => {
    paths.push(new URL(request.url ?? '', 'http://a').pathname);
    const answer = answers.shift();
    if (answer === undefined) for (const route of routes) route.call(node, request, response);
    else answer(response);
  });
  await kit.manager.push(session.id, 'one');
  const { told } = run(t, kit, session.token);
  await eventually(() => told.length === 1);
  t.deepEqual(told, [['one']]);
  t.false(paths.includes('/login'));
});

/** Leaves its loop at a message of a batch, and begins another loop. */
const leavingProgram = `
import json, sys
from session_mailbox import MailboxClient
url, token, last = *sys.argv[1:3], 2400
def tell(*what): print(json.dumps(what), flush=True)
mailbox = MailboxClient(url, token)
for message in mailbox:
    if message["data"] == last: break
    tell(message["data"])
for message in mailbox: tell(message["data"])
`;

pythonTest(
  title('the client in Python continues in a batch of 2500 messages where its loop was left, without a copy'),
  async (t) => {
    const kit = await Kit.start('node', { context: { msgMaxLength: 3_000 } });
    t.teardown(() => kit.close());
    const session = await kit.logIn();
    for (let number = 1; number <= 2_500; number += 1) await kit.manager.push(session.id, number);
    const { told } = run(t, kit, session.token, leavingProgram);
    await eventually(() => JSON.stringify(told.at(-1)) === '[2500]' && kit.room.held === 1);
    t.is(told.length, 2_500);
    t.deepEqual(
      told,
      Array.from({ length: 2_500 }, (_, index) => [index + 1]),
    );
  },
);

/** Reads a mailbox whose token comes from another server. */
const tokenProgram = `
import json, sys, urllib.request
from session_mailbox import Closed, MailboxClient
url, token = sys.argv[1:3]
def tell(*what): print(json.dumps(what), flush=True)
def renew():
    with urllib.request.urlopen(url + "/token") as answer: return answer.read().decode()
try:
    for message in MailboxClient(url, renew): tell(message["data"])
except Closed as closed:
    tell("closed", closed.code)
`;

pythonTest(title('the client in Python tries again if its token source is refused'), async (t) => {
  const kit = await Kit.start('node');
  t.teardown(() => kit.close());
  const session = await kit.logIn();
  const { node } = kit.server;
  const routes = node.listeners('request');
  let refusals = 1;
  node.removeAllListeners('request');
  node.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url !== '/token') for (const route of routes) route.call(node, request, response);
    else if (refusals === 0) response.end(session.token);
    else {
      refusals -= 1;
      response.writeHead(403, { 'content-type': 'application/problem+json' }).end('{"code":"NOT_YET"}');
    }
  });
  await kit.manager.push(session.id, 'one');
  const { told } = run(t, kit, session.token, tokenProgram);
  await eventually(() => told.length === 1);
  t.deepEqual(told, [['one']]);
});

pythonTest(title('the client in Python waits for no Retry-After that it can’t read, and for a bounded time'), (t) => {
  const code = `
import json, time
from session_mailbox import seconds
texts = ["7", "\u00b2", "soon", "9" * 400, "Wed, 21 Oct 2015 07:28:00 GMT"]
print(json.dumps([seconds(text) for text in texts]))
`;
  const cwd = projectPath('docs/clients/python');
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  const printed = execFileSync('python3', ['-c', code], { cwd, env, encoding: 'utf8' });
  t.deepEqual(JSON.parse(printed), [7, 0, 0, 86_400, 0]);
});

pythonTest(title('the client in Python refuses an address or a token that no attempt could use'), (t) => {
  const code = `
import json
from session_mailbox import MailboxClient
def refused(url, token):
    try: next(iter(MailboxClient(url, token)))
    except ValueError as error: return str(error)
urls = ["127.0.0.1:1", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:port/", "http://127.0.0.1:1/a\\nb"]
print(json.dumps([refused(url, "abc") for url in urls] + [refused("http://127.0.0.1:1/", "abc\\n")]))
`;
  const cwd = projectPath('docs/clients/python');
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  const printed = execFileSync('python3', ['-c', code], { cwd, env, encoding: 'utf8', timeout: limits.event });
  const refusals: readonly unknown[] = JSON.parse(printed);
  t.is(refusals.length, 6);
  for (const refusal of refusals.slice(0, 5)) t.regex(String(refusal), /^url must be an address .*; got '/);
  t.regex(String(refusals[5]), /^token must be a function, or a text of letters and digits$/);
});
