import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const fillerName = 'filler';
const chunk = Buffer.alloc(1_048_576);

/** A folder for the store's files. Where permitted, it is on a separate small disk, so that the disk can become full. */
export class Disk {
  readonly folder: string;
  /** Whether the folder is on a small disk, which only root may mount. */
  readonly isSmall: boolean;

  private constructor(folder: string, isSmall: boolean) {
    this.folder = folder;
    this.isSmall = isSmall;
  }

  static async make(folder: string): Promise<Disk> {
    await mkdir(folder, { mode: 0o700 });
    const isSmall = await run('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=0700', 'tmpfs', folder]).then(
      () => true,
      () => false,
    );
    return new Disk(folder, isSmall);
  }

  /** Fills the disk completely. */
  async fill(): Promise<void> {
    for (const size of [chunk.length, 4_096]) {
      const part = chunk.subarray(0, size);
      for (;;) {
        const isWritten = await writeFile(join(this.folder, fillerName), part, { flag: 'a' }).then(
          () => true,
          () => false,
        );
        if (!isWritten) break;
      }
    }
  }

  async relieve(): Promise<void> {
    await rm(join(this.folder, fillerName), { force: true });
  }

  async unmount(): Promise<void> {
    if (this.isSmall) await run('umount', ['--lazy', this.folder]);
  }
}

/** Replaces the files of one folder by copies of those of another, without subfolders. */
export async function copyFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const { name } of (await readdir(to, { withFileTypes: true })).filter((entry) => entry.isFile())) {
    await rm(join(to, name));
  }
  for (const { name } of (await readdir(from, { withFileTypes: true })).filter((entry) => entry.isFile())) {
    await copyFile(join(from, name), join(to, name));
  }
}
