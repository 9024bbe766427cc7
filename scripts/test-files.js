// Finds the compiled tests that reach certain code, by their imports, so that no list of tests must be maintained.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const tests = new URL('../.build/test/', import.meta.url);
const importOf = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

/** Returns the tests, without browser tests, that match the pattern themselves or import a file of `test/` that matches it. */
export function testsWith(pattern) {
  const known = new Map();
  const reaches = (url) => {
    const found = known.get(url.href);
    if (found !== undefined) return found;
    known.set(url.href, false); // Ends a cycle of imports.
    if (!existsSync(url)) return false; // The import is part of a string.
    const source = readFileSync(url, 'utf8');
    const imports = [...source.matchAll(importOf)].map(([, path]) => new URL(path, url));
    const result = pattern.test(source) || imports.some((each) => each.href.startsWith(tests.href) && reaches(each));
    known.set(url.href, result);
    return result;
  };
  return readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js') && !path.startsWith('browser') && reaches(new URL(path, tests)))
    .map((path) => `.build/test/${path}`);
}
