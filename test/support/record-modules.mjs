/**
 * Preloaded into processes (`--import`), writes the address of every module that each of them loads, one a line, to a file
 * of its own in the directory that RECORD_MODULES names: `ENTRY.PID`.
 */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { basename, join } from 'node:path';

const directory = process.env.RECORD_MODULES;
const entry = basename(process.argv[1] ?? '', '.ts');
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    if (found.url.startsWith('file:'))
      appendFileSync(join(directory, `${entry}.${process.pid}`), `${found.url}\n`);
    return found;
  },
});
