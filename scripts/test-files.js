// Which compiled tests reach which code, by their imports: so that no list of tests has to be kept by hand.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const tests = new URL('../.build/test/', import.meta.url);
const importOf = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

/** The tests (without those of the browser) whose text, or that of a file which they import from `test/`, matches. */
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
