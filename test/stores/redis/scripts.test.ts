import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

test('the generated module matches the Lua files', (t) => {
  const generator = fileURLToPath(new URL('../../../../scripts/generate-scripts.js', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [generator, '--check'], { encoding: 'utf8' });
  t.is(status, 0, stderr);
});
