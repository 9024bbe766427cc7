import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { freePorts } from '../support/free-port.js';
import { DemoProcess } from '../support/http-demo-process.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The shell blocks of a section of the tour that have requests in them. */
function tourBlocks(isSection: (title: string) => boolean): readonly string[] {
  const sections = readFileSync(`${root}docs/tour.md`, 'utf8').split(/^## |^# (?=Tour$)/m);
  const section = sections.find((each) => isSection(each.slice(0, each.indexOf('\n')))) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, block = '']) => block)
    .filter((block) => block.includes('curl'));
}

/** A shell that stays open between blocks, as a terminal does, so that variables and files last. */
class Shell {
  readonly #process;
  readonly #lines: AsyncIterator<string>;

  constructor(t: ExecutionContext, folder: string) {
    this.#process = spawn('/bin/sh', [], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    t.teardown(async () => {
      this.#process.stdin.end();
      if (this.#process.exitCode === null) await once(this.#process, 'exit');
    });
  }

  /** Pastes a block, and resolves with its output when all of it has run. */
  async paste(block: string): Promise<string> {
    const end = 'end of the block';
    this.#process.stdin.write(`${block}\nwait; echo; echo '${end}'\n`);
    const output: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`The shell ended after: ${output.join('\n')}`);
      if (value === end) return output.join('\n');
      output.push(value);
    }
  }
}

test('the tour works twice in a row on one server, with and without a restart between its blocks', async (t) => {
  const [first, second, ...others] = tourBlocks((title) => title === 'Tour');
  if (first === undefined || second === undefined) throw new Error('The tour has two blocks');
  t.deepEqual(others, []);
  const [port] = await freePorts(1);
  const settings = { PORT: String(port), DEMO_ADMIN_KEY: 'demo' };
  const start = (data?: string) => DemoProcess.start(t, data, settings);
  let demo = await start();
  const shell = new Shell(t, demo.data);
  for (const restarts of [true, false]) {
    const logins = await shell.paste(first.replace('3000', String(port)));
    t.is(logins.match(/"account":"alice"\}/g)?.length, 2, logins);
    t.regex(logins, /"messages":\[\{"offset":1,"at":\d+,"data":\{"text":"hi"\}\}\]/, logins);
    t.regex(logins, /^[0-9a-z]+\.1(\.[0-9a-z]+)?$/m, logins);
    t.regex(logins, /"code":"revoked"/, logins);
    t.notRegex(logins, /SESSION_LIMIT|evicted/, logins);
    if (restarts) {
      demo.signal('SIGINT');
      t.is(await demo.exit, 0);
      demo = await start(demo.data);
    }
    const rest = await shell.paste(second);
    t.regex(rest, /"messages":\[\{"offset":2,"at":\d+,"data":\{"text":"still here\?"\}\}\]/, rest);
    t.regex(rest, /"code":"evicted"/, rest);
    t.is(rest.match(/"account":"alice"\}/g)?.length, 5, rest);
  }
  t.is(demo.stderr, '');
});
