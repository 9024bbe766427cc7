import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { codeBlocks } from '../docs/pages.js';
import { freePorts } from '../support/free-port.js';
import { limits } from '../support/limits.js';
import type { TeardownOwner } from '../support/teardowns.js';

const run = promisify(execFile);

/** Returns the file of a program on the PATH or in /usr/sbin, where Debian installs nginx and which the PATH of users lacks. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns the configuration of docs/proxies.md with these replacements. Throws if a text to replace is missing. */
export function configurationOf(language: string, places: Readonly<Record<string, string>>): string {
  const [block] = codeBlocks('docs/proxies.md', [language]);
  let text = block?.text ?? '';
  for (const [place, replacement] of Object.entries(places)) {
    if (!text.includes(place)) throw new Error(`docs/proxies.md has no ${place} in its ${language} block`);
    text = text.replaceAll(place, replacement);
  }
  return text;
}

export interface RunningProxy {
  readonly port: number;
}

/** Starts a proxy and waits until it accepts connections. The proxy stops when the test ends. */
export async function startProxy(
  owner: TeardownOwner,
  program: string,
  fileName: string,
  commandLine: (file: string, folder: string) => readonly string[],
  configuration: (port: number, folder: string) => Promise<string>,
): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'session-mailbox-proxy-'));
  owner.teardown(() => rm(folder, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const file = join(folder, fileName);
  await writeFile(file, await configuration(port, folder));
  const environment = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const child = spawn(program, commandLine(file, folder), { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  owner.teardown(() => stop(child));
  let told = '';
  child.stderr.on('data', (text: Buffer) => {
    told += text.toString();
  });
  const until = Date.now() + limits.processes;
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`${program} did not start: ${told}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { port };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Makes a key and a self-signed certificate for `localhost`. */
export async function makeCertificate(folder: string): Promise<{ readonly key: string; readonly certificate: string }> {
  const key = join(folder, 'app.key');
  const certificate = join(folder, 'app.crt');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await run('openssl', [...request, '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost']);
  return { key, certificate };
}
