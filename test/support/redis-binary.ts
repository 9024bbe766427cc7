import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['redis-server', 'valkey-server'];

/** Returns the server program to test with: `REDIS_SERVER`, or one on the PATH, or `undefined` if there is none. */
export function findRedisBinary(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { REDIS_SERVER: chosen, PATH = '' } = environment;
  if (chosen !== undefined && chosen !== '') return chosen.includes('/') ? chosen : onPath(chosen, PATH);
  for (const name of names) {
    const found = onPath(name, PATH);
    if (found !== undefined) return found;
  }
  return undefined;
}

function onPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
