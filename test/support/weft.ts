import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** How a command line ended, and what it said. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `./weft` as people do. */
export function weft(...words: string[]): Promise<Ended> {
  return weftIn({}, ...words);
}

/** The same with more in its environment. */
export function weftIn(more: Readonly<Record<string, string>>, ...words: string[]): Promise<Ended> {
  const options = { maxBuffer: 1 << 26, env: { ...process.env, ...more } };
  return new Promise((resolve) => {
    execFile(`${root}weft`, words, options, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, out, err });
    });
  });
}
