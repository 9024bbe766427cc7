// Builds `dist/` (the published files) and, with `--all`, `.build/` (the same sources with demo, tests and benchmarks).
// Outputs that are up to date are not compiled again, so that every script can afford to build first.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { bundleTests } from './bundle-tests.js';
import { generatePage } from './generate-page.js';
import { generateScripts } from './generate-scripts.js';
import { groupTests } from './group-tests.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const compiler = fileURLToPath(import.meta.resolve('typescript')).replace(/lib[\\/][^\\/]*$/, 'bin/tsc');

/** Removes outputs whose source was deleted, so that a deleted test does not run and a deleted module is not published. */
function removeOrphans(output, sources) {
  if (!existsSync(`${root}${output}`)) return;
  for (const path of readdirSync(`${root}${output}`, { recursive: true, encoding: 'utf8' })) {
    const [stem] = /^.*(?=\.(?:js|js\.map|d\.ts)$)/.exec(path) ?? [];
    if (stem !== undefined && !existsSync(`${root}${sources}${stem}.ts`)) rmSync(`${root}${output}/${path}`);
  }
}

async function build(project, output, sources) {
  removeOrphans(output, sources);
  // Remove the record of the last build if the output folder is missing: it says that all outputs exist.
  const record = `${root}.build/${project === 'tsconfig.json' ? 'tsconfig' : 'dist'}.tsbuildinfo`;
  if (!existsSync(`${root}${output}`)) rmSync(record, { force: true });
  await compile(project);
}

async function compile(project) {
  const [code] = await once(
    spawn(process.execPath, [compiler, '-p', project], { cwd: root, stdio: 'inherit' }),
    'exit',
  );
  if (code !== 0) process.exit(1);
}

/** Bundles the client into one file, for pages without a bundler. Overwrites the module that only re-exports the client. */
function bundleClient() {
  buildSync({
    entryPoints: [`${root}dist/client/index.js`],
    outfile: `${root}dist/client/bundle.js`,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    allowOverwrite: true,
    logLevel: 'warning',
  });
}

generateScripts();
generatePage();
const isAll = process.argv.includes('--all');
await Promise.all([
  compile('src/console/page'),
  build('tsconfig.build.json', 'dist', 'src/').then(bundleClient),
  isAll ? build('tsconfig.json', '.build', '') : undefined,
]);
if (isAll) {
  groupTests();
  await bundleTests();
}
