// Which compiled tests reach which code, by their imports: so that no list of tests has to be kept by hand.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const tests = new URL('../.build/test/', import.meta.url);
const importOf = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

/** The tests (without those of the browser) of which they, or what they import from `test/`, contain this text. */
export function testsWith(text) {
  const known = new Map();
  const reaches = (url) => {
    const found = known.get(url.href);
    if (found !== undefined) return found;
    known.set(url.href, false); // Ends a cycle of imports.
    if (!existsSync(url)) return false; // An import that stands in a text.
    const source = readFileSync(url, 'utf8');
    const imports = [...source.matchAll(importOf)].map(([, path]) => new URL(path, url));
    const result = source.includes(text) || imports.some((each) => each.href.startsWith(tests.href) && reaches(each));
    known.set(url.href, result);
    return result;
  };
  return readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js') && !path.startsWith('browser') && reaches(new URL(path, tests)))
    .map((path) => `.build/test/${path}`);
}
