import { mkdir, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { projectPath } from '../architecture/source-tree.js';
import { codeBlocks } from '../docs/pages.js';

/** The component of docs/client.md, which exports `News`. */
function sample(): string {
  const [block] = codeBlocks('docs/client.md', ['jsx']);
  if (block === undefined) throw new Error('docs/client.md has no block of jsx');
  return block.text;
}

/**
 * @param more code that follows the sample in its module
 * @returns one module, for a page or for Node
 */
export async function bundleSample(platform: 'browser' | 'node', more: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `${sample()}\n${more}`, loader: 'jsx', resolveDir: projectPath('.') },
    platform,
    bundle: true,
    // In Node the modules of React find each other by `require`.
    packages: platform === 'node' ? 'external' : 'bundle',
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** What a server renders for a page, which has no mailbox there. */
export async function renderSample(): Promise<string> {
  const code = await bundleSample(
    'node',
    `import { renderToString } from 'react-dom/server';
     export const html = renderToString(<News />);`,
  );
  const folder = projectPath('.build/docs-react');
  await mkdir(folder, { recursive: true });
  // Files that are tested side by side may render side by side.
  const file = `${folder}/server-${process.pid}.mjs`;
  await writeFile(file, code);
  const { html }: { html: string } = await import(pathToFileURL(file).href);
  return html;
}
