/** An error of LMDB or of the system, in words for the operator: what is wrong, and what to do. */
export function explain(error: unknown, path: string): string {
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  for (const [pattern, explanation] of explanations) {
    if (pattern.test(text) || pattern.test(code)) return `${explanation.replaceAll('$path', path)} (${text})`;
  }
  return `The LMDB environment in ${path} can't be used: ${text}`;
}

const explanations: readonly (readonly [pattern: RegExp, explanation: string])[] = [
  [
    /damaged|MDB_INVALID|MDB_CORRUPTED|MDB_PAGE_NOTFOUND|not an LMDB file/,
    'The LMDB environment in $path is damaged: move the directory away, or restore it, and start again',
  ],
  [
    /MDB_VERSION_MISMATCH|another version|byte order/,
    'The LMDB environment in $path was made by another version, or on another kind of machine: move the directory away',
  ],
  [/MDB_READERS_FULL/, 'Too many processes use the LMDB environment in $path at once: let some of them stop'],
  [/MDB_MAP_FULL/, 'The LMDB environment in $path is full: raise mapSize, or let sessions end'],
  [/ENOSPC|No space left/, 'The disk that holds $path is full: make room on it'],
  [/Input\/output error|\bEIO\b/, 'The disk that holds $path is full, or it fails: make room on it, or look to it'],
  [/EDQUOT|quota exceeded/i, 'The disk quota for $path is used up: make room on it'],
  [/EACCES|EPERM|Permission denied|not permitted/, 'This process may not read and write $path: give it the permission'],
  [/EROFS|Read-only file system/, 'The file system that holds $path is read-only: choose another path'],
  [/ENOTDIR|EEXIST|Not a directory/, '$path is not a directory: choose another path'],
  [/Cannot find (?:package|module) 'lmdb'|ERR_MODULE_NOT_FOUND/, "The package 'lmdb' is missing: npm install lmdb"],
];
