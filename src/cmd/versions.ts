import { readFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** Of Weft and what it stands on, for people who look for the cause of something. */
export function versions(): object {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  return {
    weft: version,
    node: process.version,
    architecture: process.arch,
    kernel: release(),
    distribution: textOf('/etc/os-release', /^PRETTY_NAME="?([^"\n]*)/m),
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    uid: process.getuid?.() ?? null,
  };
}

function textOf(path: string, pattern: RegExp): string | null {
  try {
    return pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}
