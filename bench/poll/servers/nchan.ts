import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nextMessage } from '../message.js';
import { openFiles } from '../open-files.js';
import { HOLD_TIME, UNANSWERED_LIMIT } from '../plan.js';
import type { PollServer } from '../poll-server.js';
import { nchanModule, nginxBinary } from './nchan-installed.js';
import { Publishers } from './nchan-publishers.js';
import { ServingProcess } from './serving-process.js';

const SHARED_CHANNEL = 'all';
const LOOK_INTERVAL = 10;

/**
 * nginx with one worker and nchan: every client polls its own channel and one that all clients share. Messages are sent
 * over HTTP, because nchan has no other interface. It checks no token and remembers no reader.
 */
export async function openNchan(): Promise<PollServer> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nchan-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port));
  const nginx = spawn(nginxBinary() ?? 'nginx', ['-c', file], { stdio: 'inherit' });
  // Whether this process ends by `process.exit` or by a failure, nginx must not outlive it.
  process.once('exit', () => {
    nginx.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });
  nginx.once('exit', (code) => {
    throw new Error(`nginx ended with ${code}: ${readFileSync(join(folder, 'error.log'), 'utf8')}`);
  });

  const publishers = new Publishers(port);
  await publishers.open(UNANSWERED_LIMIT);
  const worker = new ServingProcess(workerOf(nginx.pid ?? 0));
  const reach = async (clients: number): Promise<void> => {
    while ((await publishers.waiting()) < clients) await delay(LOOK_INTERVAL);
  };
  const publish = (channel: string): Promise<void> => publishers.publish(channel, JSON.stringify(nextMessage()));
  return {
    port,
    held: { expect: () => {}, reach },
    register: (count) => Array.from({ length: count }, () => ''),
    unicast: (n) => publish(`${n}`),
    async deliverUnicast(order) {
      const numbers = order.values();
      const lane = async (): Promise<void> => {
        for (const n of numbers) await publish(`${n}`);
      };
      await Promise.all(Array.from({ length: UNANSWERED_LIMIT }, lane));
      await reach(order.length);
    },
    async deliverBroadcast(clients) {
      await publish(SHARED_CHANNEL);
      await reach(clients);
    },
    connections: () => publishers.waiting(),
    cpu: () => worker.cpu(),
    memory: () => worker.memory(),
  };
}

function workerOf(master: number): number {
  const [worker] = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ').map(Number);
  if (worker === undefined || worker === 0) throw new Error('nginx has no worker');
  return worker;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function configuration(folder: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `load_module ${nchanModule()};
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
worker_rlimit_nofile ${openFiles()};
events { worker_connections ${openFiles()}; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  keepalive_timeout ${HOLD_TIME / 1000}s;
  keepalive_requests 1000000000;
  nchan_shared_memory_size 512m;
  nchan_message_timeout 1h;
  nchan_message_buffer_length 50;
  nchan_subscriber_timeout 0;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish { nchan_publisher; nchan_channel_id $arg_id; }
    location = /poll { nchan_subscriber longpoll; nchan_channel_id $arg_id ${SHARED_CHANNEL}; }
    location = /status { nchan_stub_status; }
  }
}
`;
}
