import { codeOnly, type ImportGraph, type SourceTree } from './source-tree.js';

/** The imports that the files under a path may have. A file belongs to the first layer whose path fits. */
export interface Layer {
  /** A file, or a folder with a slash at its end. */
  readonly path: string;
  /** Files or folders of the project. A folder may always import from itself. */
  readonly files: readonly string[];
  /** Packages by name, or everything under a name that ends in `*`. */
  readonly packages: readonly string[];
}

const face = 'src/index.ts';
const fastLaneFace = 'src/fast-lane/index.ts';
const consoleFace = 'src/console/node.ts';
const httpFace = 'src/http/index.ts';
const nodeFace = 'src/node/index.ts';
const expressSessionFace = 'src/express-session/index.ts';
const websocketFace = 'src/websocket/index.ts';
const requestsFace = 'src/requests/index.ts';
const redisFace = 'src/stores/redis/index.ts';
const fileOwnership = 'src/stores/file-ownership.ts';
const machineTime = 'src/stores/machine-time.ts';
const sqliteFace = 'src/stores/sqlite/index.ts';
const redisSessionsFace = 'src/compat/redis-sessions/class/index.ts';
const restFace = 'src/compat/redis-sessions/rest/index.ts';

/** Folders that every folder may import from: errors, validation, time, context, measures and caching. */
const base = ['src/errors/', 'src/validation/', 'src/time/', 'src/context/', 'src/measures/', 'src/caching/'];
/** The interface that a store implements, and the types in it. */
const port = [...base, 'src/mailbox/', 'src/store/'];
/** The whole service, without stores and fronts. */
const core = [...port, 'src/events/', 'src/delivery/', 'src/service/'];

/** The layers. Imports point down only: each layer is above the layers that it may import from. */
export const layers: readonly Layer[] = [
  { path: 'src/errors/', files: [], packages: [] },
  { path: 'src/validation/', files: ['src/errors/'], packages: ['valibot'] },
  { path: 'src/time/', files: [], packages: [] },
  // The counters of a node, and the channels on which it publishes its operations.
  { path: 'src/measures/', files: [], packages: ['node:diagnostics_channel'] },
  // A bounded map for values that a process has used recently.
  { path: 'src/caching/', files: [], packages: [] },
  { path: 'src/context/', files: ['src/errors/', 'src/validation/', 'src/time/'], packages: ['valibot'] },
  // Rules of one mailbox: no clock, no store, no configuration.
  { path: 'src/mailbox/', files: ['src/errors/', 'src/validation/'], packages: ['node:crypto'] },
  { path: 'src/store/', files: [...base, 'src/mailbox/'], packages: ['node:crypto', 'nanoid'] },
  { path: 'src/events/', files: port, packages: ['inversify'] },
  { path: 'src/delivery/', files: [...port, 'src/events/'], packages: ['inversify', 'node:timers/promises'] },
  {
    path: 'src/service/',
    files: [...port, 'src/events/', 'src/delivery/'],
    packages: ['inversify', 'p-queue', 'node:os', 'node:timers/promises', 'node:util'],
  },
  // Checks which users may own a file of sessions.
  { path: fileOwnership, files: [], packages: ['node:fs/promises', 'node:path'] },
  // A clock that all processes of a machine share, and that continues when a process ends.
  { path: machineTime, files: ['src/time/'], packages: ['node:fs'] },
  {
    path: 'src/stores/memory/',
    files: [...port, fileOwnership, machineTime],
    packages: ['inversify', 'valibot', 'node:*'],
  },
  {
    // Reads no file, so that a server can be bundled.
    path: 'src/stores/redis/',
    files: port,
    packages: ['inversify', 'valibot', 'ioredis', 'node:crypto', 'node:timers/promises'],
  },
  {
    path: 'src/stores/sqlite/',
    files: [...port, fileOwnership, machineTime],
    packages: ['inversify', 'valibot', 'node:*'],
  },
  {
    // Imports the public face, as the author of a store would.
    path: 'src/conformance/',
    files: [face, ...port],
    packages: ['node:assert/strict', 'fast-check'],
  },
  {
    path: 'src/module.ts',
    files: [...core, 'src/stores/memory/'],
    packages: ['inversify', 'reflect-metadata'],
  },
  { path: 'src/start-sessions.ts', files: [...core, 'src/module.ts'], packages: ['inversify'] },
  {
    path: face,
    files: [...core, 'src/stores/memory/', 'src/module.ts', 'src/start-sessions.ts'],
    packages: [],
  },
  // The metrics of a node, for monitoring systems: one table, and an adapter for each library.
  { path: 'src/metrics/prometheus.ts', files: [...core, 'src/metrics/'], packages: ['valibot', 'prom-client'] },
  {
    path: 'src/metrics/opentelemetry.ts',
    files: [...core, 'src/metrics/'],
    packages: ['valibot', '@opentelemetry/api'],
  },
  { path: 'src/metrics/', files: core, packages: [] },
  // Parts of the handling of requests and responses that all fronts share. They need no framework.
  { path: 'src/requests/', files: core, packages: ['valibot', 'node:crypto', 'node:http', 'node:http2', 'node:net'] },
  // The routes that several fronts serve.
  { path: 'src/routes/', files: [...core, 'src/requests/'], packages: ['valibot'] },
  {
    path: 'src/http/',
    files: [...core, 'src/requests/', 'src/routes/'],
    packages: ['inversify', '@inversifyjs/http-core', 'node:http'],
  },
  { path: 'src/node/', files: [...core, 'src/requests/', 'src/routes/'], packages: ['node:http', 'node:http2'] },
  // For browsers: bundled into a string, which the endpoints serve.
  { path: 'src/console/page/', files: [], packages: ['preact'] },
  {
    path: 'src/fast-lane/',
    files: [...core, 'src/requests/', 'src/routes/'],
    packages: ['valibot', 'node:http', 'node:https', 'node:net'],
  },
  {
    // The endpoints of the operator's console, for the controllers and for the fronts without a framework.
    path: 'src/console/',
    files: [...core, 'src/requests/', 'src/routes/', 'src/metrics/read-measures.ts'],
    packages: ['inversify', '@inversifyjs/http-core', 'valibot', 'node:http', 'node:http2', 'node:os'],
  },
  { path: 'src/fetch/', files: [...core, 'src/requests/', 'src/routes/'], packages: [] },
  {
    path: 'src/express-session/',
    files: [...core, 'src/requests/', 'src/routes/'],
    packages: ['express-session', 'valibot', 'node:crypto', 'node:http', 'node:http2'],
  },
  {
    // Declares its own types for the parts of ws and Socket.IO that it needs, so that a user of one library need not install
    // the other.
    path: 'src/websocket/',
    files: [...core, 'src/requests/'],
    packages: ['p-queue', 'valibot', 'node:http', 'node:stream', 'node:timers/promises'],
  },
  { path: 'src/client/react.ts', files: ['src/client/'], packages: ['react'] },
  // For browsers: imports no file of the server, no package and no module of Node.
  { path: 'src/client/', files: [], packages: [] },
  {
    // A separate service, ready to use. Its store is the Redis store, which it loads only when it needs it.
    path: 'src/compat/redis-sessions/class/',
    files: [...core, 'src/module.ts', 'src/stores/redis/'],
    packages: ['inversify', 'valibot', 'ioredis'],
  },
  {
    path: 'src/compat/redis-sessions/rest/',
    files: [...core, 'src/requests/', 'src/metrics/', httpFace, 'src/compat/redis-sessions/class/'],
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
    // Knows how redis-sessions stores its sessions, which the class itself need not know.
    path: 'src/compat/redis-sessions/import/',
    files: [...core, 'src/compat/redis-sessions/class/'],
    packages: ['valibot', 'ioredis'],
  },
  {
    path: 'src/cli/',
    files: [face, ...core, 'src/requests/', 'src/compat/redis-sessions/', redisFace, sqliteFace],
    packages: ['inversify', 'reflect-metadata', 'fastify', 'ioredis', 'node:*'],
  },
  // Code like that of users, which therefore imports only the public modules.
  {
    path: 'demo/',
    files: [face, httpFace, nodeFace, fastLaneFace, websocketFace, requestsFace, consoleFace, redisFace, sqliteFace],
    packages: ['*'],
  },
  {
    path: 'bench/',
    files: [
      face,
      httpFace,
      nodeFace,
      fastLaneFace,
      expressSessionFace,
      redisFace,
      sqliteFace,
      redisSessionsFace,
      restFace,
    ],
    packages: ['*'],
  },
];

function isWithin(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}

function isPackageAllowed(name: string, allowed: readonly string[]): boolean {
  return allowed.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
}

/** Finds every import that its layer does not allow, and every file that belongs to no layer. */
export function findWrongArrows(graph: ImportGraph, rules: readonly Layer[] = layers): readonly string[] {
  const faults: string[] = [];
  for (const [path, imports] of graph) {
    const layer = rules.find((each) => isWithin(path, each.path));
    if (layer === undefined) {
      faults.push(`${path} belongs to no layer`);
      continue;
    }
    for (const target of imports) {
      // A file of the project ends in .ts or .tsx; the name of a package does not.
      const isAllowed = /\.tsx?$/.test(target)
        ? isWithin(target, layer.path) || layer.files.some((place) => isWithin(target, place))
        : isPackageAllowed(target, layer.packages);
      if (!isAllowed) faults.push(`${path} imports ${target}`);
    }
  }
  return faults;
}

/** Finds the cycles of the imports, each as the list of its files. */
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

export const mostLines = 300;

export function findLongFiles(tree: SourceTree): readonly string[] {
  const faults: string[] = [];
  for (const [path, text] of tree) {
    if (path.endsWith('.generated.ts')) continue;
    const lines = text.trimEnd().split('\n').length;
    if (lines > mostLines) faults.push(`${path} has ${lines} lines`);
  }
  return faults;
}

const looseType = /(?:[:<|&,(]|\bas|=>|\bextends|\bsatisfies)\s*any\b(?!\s*[:(]|\s*=[^>])|\bany\[\]/;
/**
 * Matches an exclamation mark between a name or a closing bracket and a character that may follow a value. The pattern writes
 * the mark as an escape, so that it does not match itself.
 */
const nonNull = /[\w)\]]\x21(?=[.;,)\]\s[(]|$)(?!\s*=[^>])/;

/** Finds uses of `any` and of the non-null assertion, by file and line. */
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
