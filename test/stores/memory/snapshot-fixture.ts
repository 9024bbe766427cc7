import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { Trial } from '../../../src/conformance/trial.js';
import { MemoryStore, SessionContext, type SessionContextOptions } from '../../../src/index.js';
import { SnapshotFile } from '../../../src/stores/memory/snapshot-file.js';

/** A separate folder for a test, and stores that keep their snapshot in it. */
export class SnapshotFolder {
  readonly folder: string;
  readonly path: string;
  readonly warnings: string[] = [];
  readonly progress: string[] = [];
  readonly clock = new ManualClock();
  #latest: SnapshotFile | undefined;

  static async make(t: ExecutionContext): Promise<SnapshotFolder> {
    const folder = await mkdtemp(join(tmpdir(), 'session-mailbox-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    return new SnapshotFolder(folder);
  }

  private constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, 'sessions.snapshot');
  }

  file(path = this.path): SnapshotFile {
    return new SnapshotFile({
      path,
      warn: (text) => this.warnings.push(text),
      report: (text) => this.progress.push(text),
    });
  }

  /** Starts a store like a process that finds this folder. */
  async start(options: SessionContextOptions = {}, file = this.file()): Promise<Trial> {
    const context = { gcTime: 100_000, maxAge: 0, maxSession: 0, ...options };
    const store = new MemoryStore(new SessionContext(context), this.clock, file);
    const advance = (milliseconds: number) => this.clock.advance(milliseconds);
    const trial = new Trial({ store, advance, close: () => store.close() }, 1, context);
    await store.open(trial);
    this.#latest = file;
    return trial;
  }

  /** Leaves the folder as after a crash of the process that started last: no snapshot, and no lock. */
  async crash(): Promise<void> {
    await this.#latest?.unlock();
  }

  text(): Promise<string> {
    return readFile(this.path, 'utf8');
  }

  /** Returns the names of the files, without the lock. */
  async names(): Promise<readonly string[]> {
    return (await readdir(this.folder)).filter((name) => !name.includes('.lock-')).sort();
  }
}
