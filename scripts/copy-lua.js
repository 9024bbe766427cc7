import { cpSync } from 'node:fs';

// The compiler copies nothing but what it compiles.
const folder = 'src/stores/redis/scripts';
cpSync(new URL(`../${folder}`, import.meta.url), new URL(`../dist/${folder}`, import.meta.url), { recursive: true });
