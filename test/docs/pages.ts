import { readdirSync } from 'node:fs';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';

/** Returns the paths of the README and the pages of `docs/` from the root of the project. */
export function pages(): readonly string[] {
  const names = readdirSync(projectPath('docs'), { recursive: true, encoding: 'utf8' });
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)].toSorted();
}

/** One fenced code block of a page. */
export interface CodeBlock {
  readonly page: string;
  /** Number of this block among the blocks of its language on the page, from 1. */
  readonly number: number;
  readonly language: string;
  readonly text: string;
}

const fence = /^```([a-z]+)\n([\s\S]*?)^```$/gm;

export function codeBlocks(page: string, languages: readonly string[]): readonly CodeBlock[] {
  const counts = new Map<string, number>();
  return [...readProjectFile(page).matchAll(fence)].flatMap(([, language = '', text = '']) => {
    if (!languages.includes(language)) return [];
    const number = (counts.get(language) ?? 0) + 1;
    counts.set(language, number);
    return [{ page, number, language, text }];
  });
}

/** Returns the anchors that a forge such as GitHub gives the headings of a page. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)];
  return new Set(
    headings.map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}
