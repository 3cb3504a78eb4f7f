import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** A command that a page shows, and all that it shows below it. */
export interface ShownCommand {
  readonly command: string;
  readonly shown: string;
}

/** The commands in the `console` blocks of a page, in order; `path` is relative to the checkout. */
export function commandsOf(path: string): ShownCommand[] {
  const page = readFileSync(`${checkout}${path}`, 'utf8');
  return [...page.matchAll(/^```console\n(.*?)^```$/gms)]
    .flatMap(([, block = '']) => block.split(/^\$ /m).slice(1))
    .map((entry) => {
      const end = entry.indexOf('\n');
      return { command: entry.slice(0, end), shown: entry.slice(end + 1) };
    });
}

/**
 * What a shell prints for a command that is typed at the top of the checkout: standard error and output as they come, and
 * at the end, where it is not 0, the exit code.
 */
export function printedBy(command: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', `exec 2>&1; ${command}`], { cwd: checkout, env }, (error, stdout) => {
      resolve(error === null ? stdout : `${stdout}[exit ${error.code}]\n`);
    });
  });
}
