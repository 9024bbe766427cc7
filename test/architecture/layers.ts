import { codeOnly, type ImportGraph, type SourceTree } from './source-tree.js';

/** What the files under a path may import. The first layer whose path fits is a file's own. */
export interface Layer {
  /** A file, or a folder with a slash at its end. */
  readonly path: string;
  /** Files or folders of the project. A folder may always import from itself. */
  readonly files: readonly string[];
  /** Packages by name, or everything under a name that ends in `*`. */
  readonly packages: readonly string[];
}

const face = 'src/index.ts';
const httpFace = 'src/http/index.ts';
const lmdbFace = 'src/stores/lmdb/index.ts';
const redisFace = 'src/stores/redis/index.ts';
const redisSessionsFace = 'src/redis-sessions/index.ts';

/** Arrows point down only. */
export const layers: readonly Layer[] = [
  {
    path: 'src/core/',
    files: [],
    packages: [
      'node:crypto',
      'node:util',
      'node:timers/promises',
      'inversify',
      'nanoid',
      'valibot',
      'reflect-metadata',
    ],
  },
  { path: 'src/processors/', files: ['src/core/'], packages: ['inversify', 'p-queue', 'node:timers/promises'] },
  { path: 'src/stores/memory/', files: ['src/core/'], packages: ['inversify', 'valibot', 'node:*'] },
  { path: 'src/stores/lmdb/', files: ['src/core/'], packages: ['inversify', 'lmdb', 'node:*'] },
  { path: 'src/stores/redis/', files: ['src/core/'], packages: ['inversify', 'ioredis', 'node:*'] },
  // What goes over plain HTTP, for whichever framework: it needs none.
  { path: 'src/wire/', files: ['src/core/'], packages: ['node:http'] },
  {
    path: 'src/http/',
    files: ['src/core/', 'src/wire/'],
    packages: ['inversify', 'valibot', '@inversifyjs/http-core', 'node:http'],
  },
  {
    path: 'src/express-session/',
    files: ['src/core/', 'src/wire/'],
    packages: ['express-session', 'node:crypto', 'node:http'],
  },
  {
    // Describes what it needs of ws and Socket.IO itself: who uses the one need not have the other.
    path: 'src/websocket/',
    files: ['src/core/', 'src/wire/'],
    packages: ['p-queue', 'node:crypto', 'node:http', 'node:stream', 'node:timers/promises'],
  },
  { path: 'src/process/', files: [], packages: ['node:os'] },
  {
    // A service of its own, ready to use; only its Redis store is fixed, and loaded where it is needed.
    path: 'src/redis-sessions/',
    files: ['src/core/', 'src/processors/', 'src/module.ts', 'src/stores/redis/'],
    packages: ['inversify', 'ioredis'],
  },
  {
    path: 'src/module.ts',
    files: ['src/core/', 'src/processors/', 'src/stores/memory/'],
    packages: ['inversify', 'reflect-metadata'],
  },
  {
    path: face,
    files: ['src/core/', 'src/processors/', 'src/stores/memory/', 'src/process/', 'src/module.ts'],
    packages: [],
  },
  {
    path: 'src/rest/',
    files: ['src/core/', httpFace, 'src/redis-sessions/'],
    packages: [
      'inversify',
      'valibot',
      '@inversifyjs/http-core',
      '@inversifyjs/http-fastify',
      'fastify',
      'prom-client',
      'node:crypto',
      'node:http',
    ],
  },
  {
    // Knows how redis-sessions keeps its sessions, which the interface itself has no need of.
    path: 'src/migration/',
    files: ['src/core/', 'src/redis-sessions/'],
    packages: ['valibot', 'ioredis'],
  },
  {
    path: 'src/cli/',
    files: [face, 'src/core/', 'src/rest/', 'src/migration/', 'src/redis-sessions/', redisFace],
    packages: ['inversify', 'reflect-metadata', 'fastify', 'ioredis', 'node:*'],
  },
  // What users write can be written with what users are given.
  { path: 'demo/', files: [face, httpFace, lmdbFace, redisFace], packages: ['*'] },
  { path: 'bench/', files: [face, httpFace, lmdbFace, redisFace, redisSessionsFace], packages: ['*'] },
  {
    path: 'test/conformance/',
    files: [face, 'src/core/session-token.ts', 'test/support/manual-clock.ts'],
    packages: ['node:assert/strict', 'fast-check'],
  },
];

function isWithin(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}

function isPackageAllowed(name: string, allowed: readonly string[]): boolean {
  return allowed.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
}

/** Every import that points elsewhere than its layer may, and every file that belongs to no layer. */
export function findWrongArrows(graph: ImportGraph, rules: readonly Layer[] = layers): readonly string[] {
  const faults: string[] = [];
  for (const [path, imports] of graph) {
    const layer = rules.find((each) => isWithin(path, each.path));
    if (layer === undefined) {
      faults.push(`${path} belongs to no layer`);
      continue;
    }
    for (const target of imports) {
      // A file of the project has an ending; the name of a package has none that is TypeScript's.
      const isAllowed = target.endsWith('.ts')
        ? isWithin(target, layer.path) || layer.files.some((place) => isWithin(target, place))
        : isPackageAllowed(target, layer.packages);
      if (!isAllowed) faults.push(`${path} imports ${target}`);
    }
  }
  return faults;
}

/** Every cycle that a walk over the imports runs into, as the files on it. */
export function findCycles(graph: ImportGraph): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      cycles.push([...trail.slice(start), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return cycles;
}

export const mostLines = 400;

export function findLongFiles(tree: SourceTree): readonly string[] {
  const faults: string[] = [];
  for (const [path, text] of tree) {
    const lines = text.trimEnd().split('\n').length;
    if (lines > mostLines) faults.push(`${path} has ${lines} lines`);
  }
  return faults;
}

const looseType = /(?:[:<|&,(]|\bas|=>|\bextends|\bsatisfies)\s*any\b(?!\s*[:(]|\s*=[^>])|\bany\[\]/;
/** Behind a name or a bracket that closes, before what may follow a value. The mark is coded, or it would find itself. */
const nonNull = /[\w)\]]\x21(?=[.;,)\]\s[(]|$)(?!\s*=[^>])/;

/** Uses of `any` and of the non-null assertion, by file and line. */
export function findLooseTypes(tree: SourceTree): readonly string[] {
  const faults: string[] = [];
  for (const [path, text] of tree) {
    codeOnly(text)
      .split('\n')
      .forEach((line, index) => {
        if (looseType.test(line) || nonNull.test(line)) faults.push(`${path}:${index + 1} ${line.trim()}`);
      });
  }
  return faults;
}
