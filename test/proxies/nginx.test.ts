import test, { type ExecutionContext } from 'ava';
import { connect } from '../../src/client/index.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { limits } from '../support/limits.js';
import { startNodes } from './nodes.js';
import { configurationOf, findProgram, makeCertificate, type RunningProxy, startProxy } from './proxy.js';
import { proxyCases } from './proxy-cases.js';

const program = findProgram('nginx');
const isThere = program !== undefined && findProgram('openssl') !== undefined;

/** @param change changes the documented configuration */
function startNginx(
  t: ExecutionContext,
  [first, second]: readonly [number, number],
  change: (site: string) => string = (site) => site,
): Promise<RunningProxy> {
  const commandLine = (file: string, folder: string) => ['-p', folder, '-c', file, '-e', 'stderr'];
  return startProxy(t, program ?? '', 'nginx.conf', commandLine, async (port, folder) => {
    const { key, certificate } = await makeCertificate(folder);
    const site = configurationOf('nginx', {
      '127.0.0.1:3000': `127.0.0.1:${first}`,
      '127.0.0.1:3001': `127.0.0.1:${second}`,
      'listen 443': `listen 127.0.0.1:${port}`,
      'app.example.com;': 'localhost;',
      '/etc/ssl/app.example.com.crt': certificate,
      '/etc/ssl/app.example.com.key': key,
    });
    // Otherwise, the workers of a master process that runs as root could not use the folder.
    const user = process.getuid?.() === 0 ? 'user root;' : '';
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${each};`);
    return `daemon off; pid nginx.pid; worker_processes 1; ${user}
      events { worker_connections 256; }
      http { access_log off; ${folders.join(' ')}
      ${change(site)} }`;
  });
}

proxyCases('nginx', isThere ? startNginx : undefined);

// nginx is not an npm package, so a contributor may not have it. CI installs it.
const onNginx = isThere ? test : test.skip;

/** Returns a change of the site: no TLS, whose certificate the client would not trust, and the default buffering of nginx. */
function buffering(more: string): (site: string) => string {
  return (site) =>
    site
      .replace(' ssl http2;', ';')
      .replace(/ssl_certificate[^;]*;/g, '')
      .replace('proxy_http_version 1.1;', '')
      .replace('proxy_buffering off;', more);
}

onNginx('nginx: with buffering on, a stream is still not buffered, because its response forbids it', async (t) => {
  t.timeout(limits.test);
  const nodes = await startNodes(t);
  const { port } = await startNginx(t, [nodes[0].port, nodes[1].port], buffering(''));
  const { id, token } = await nodes[0].sessions.createSession('alice');
  const stream = await EventStream.open(port, '/events', { authorization: `Bearer ${token}` });
  t.teardown(() => stream.close());
  await nodes[0].sessions.push(id, 'hi');
  await stream.until(({ events }) => events.length === 1);
  t.deepEqual(stream.data, ['hi']);
});

onNginx('nginx: if streams are buffered nevertheless, the client falls back to polls', async (t) => {
  t.timeout(limits.test);
  const nodes = await startNodes(t);
  const change = buffering('proxy_ignore_headers X-Accel-Buffering;');
  const { port } = await startNginx(t, [nodes[0].port, nodes[1].port], change);
  const { id, token } = await nodes[0].sessions.createSession('alice');
  const asked: string[] = [];
  const mailbox = connect<string>({
    url: `http://127.0.0.1:${port}/`,
    token,
    transport: 'auto',
    fetch: (address, init) => {
      asked.push(String(address));
      return fetch(address, init);
    },
  });
  t.teardown(() => mailbox.close());
  const streams = () => nodes.flatMap(({ unanswered }) => unanswered).filter((path) => path === '/events').length;
  await eventually(() => streams() === 1);
  await nodes[0].sessions.push(id, 'hi');
  for await (const { data } of mailbox) {
    t.is(data, 'hi');
    break;
  }
  t.true(asked[0]?.includes('/events'));
  t.true(asked.at(-1)?.includes('/poll'), asked.join('\n'));
});
