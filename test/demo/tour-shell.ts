import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TeardownOwner } from '../support/teardowns.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Returns the shell blocks of a section of the tour that contain requests. */
export function tourBlocks(isSection: (title: string) => boolean): readonly string[] {
  const sections = readFileSync(`${root}docs/tour.md`, 'utf8').split(/^## |^# (?=Tour$)/m);
  const section = sections.find((each) => isSection(each.slice(0, each.indexOf('\n')))) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, block = '']) => block)
    .filter((block) => block.includes('curl'));
}

/** A shell that stays open between blocks, as a terminal does, so that variables and files are kept. */
export class Shell {
  readonly #process;
  readonly #lines: AsyncIterator<string>;

  constructor(owner: TeardownOwner, folder: string) {
    this.#process = spawn('/bin/sh', [], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    owner.teardown(async () => {
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
