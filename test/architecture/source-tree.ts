import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';

/** The text of files, by path from the root of the project. */
export type SourceTree = ReadonlyMap<string, string>;
/** The imports of each file: other files by path from the root, packages by name. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const root = fileURLToPath(new URL('../../../', import.meta.url));

export function projectPath(path: string): string {
  return join(root, path);
}

export function readProjectFile(path: string): string {
  return readFileSync(projectPath(path), 'utf8');
}

/** Reads the TypeScript files below these folders. A missing folder counts as empty. */
export function readTree(folders: readonly string[]): SourceTree {
  const tree = new Map<string, string>();
  for (const folder of folders) {
    if (!existsSync(join(root, folder))) continue;
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/${name.replaceAll('\\', '/')}`;
      if (/\.tsx?$/.test(path)) tree.set(path, readProjectFile(path));
    }
  }
  return tree;
}

const commentOrString = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

function withoutComments(text: string): string {
  return text.replace(commentOrString, (found) => (found.startsWith('/') ? ' ' : found));
}

/** Blanks out comments and strings, so that nothing in them is taken for code. */
export function codeOnly(text: string): string {
  return text.replace(commentOrString, (found) => (found.startsWith('/') ? ' ' : "''"));
}

const importStatement = /^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*'([^']+)'/gm;
const importCall = /\b(?:import|require)\(\s*'([^']+)'\s*\)/g;

/** Returns every module that the text names in an import, a re-export or an import call, including imports of types. */
export function importsOf(path: string, text: string): readonly string[] {
  const code = withoutComments(text);
  const specifiers = [...code.matchAll(importStatement), ...code.matchAll(importCall)].map(
    ([, specifier = '']) => specifier,
  );
  return specifiers.map((specifier) =>
    specifier.startsWith('.') ? join(dirname(path), specifier).replace(/\.js$/, '.ts') : packageOf(specifier),
  );
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

export function graphOf(tree: SourceTree): ImportGraph {
  return new Map([...tree].map(([path, text]) => [path, importsOf(path, text)]));
}
