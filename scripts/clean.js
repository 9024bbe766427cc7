import { rmSync } from 'node:fs';

// A test that was deleted or renamed must not live on in the output.
rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
