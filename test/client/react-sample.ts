import { mkdir, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { projectPath } from '../architecture/source-tree.js';
import { codeBlocks } from '../docs/pages.js';

/** Returns the module of docs/client.md with the component, which exports `News`. */
function sample(): string {
  const [block] = codeBlocks('docs/client.md', ['jsx']);
  if (block === undefined) throw new Error('docs/client.md has no block of jsx');
  return block.text;
}

/**
 * @param more code that is appended to the sample
 * @returns one module, for a page or for Node
 */
export async function bundleSample(platform: 'browser' | 'node', more: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `${sample()}\n${more}`, loader: 'jsx', resolveDir: projectPath('.') },
    platform,
    bundle: true,
    // In Node the modules of React load each other by `require`.
    packages: platform === 'node' ? 'external' : 'bundle',
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** Renders the component as a server does, without a mailbox. */
export async function renderSample(): Promise<string> {
  const code = await bundleSample(
    'node',
    `import { renderToString } from 'react-dom/server';
     export const html = renderToString(<News />);`,
  );
  const folder = projectPath('.build/docs-react');
  await mkdir(folder, { recursive: true });
  // Test files that run at the same time may render at the same time, so each process has its own file.
  const file = `${folder}/server-${process.pid}.mjs`;
  await writeFile(file, code);
  const { html }: { html: string } = await import(pathToFileURL(file).href);
  return html;
}
