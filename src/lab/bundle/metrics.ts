import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { request } from '../../lib/http.ts';
import type { LabPaths } from '../paths.ts';
import type { Evidence } from './evidence.ts';

const answerMs = 2000;
const mostBytes = 1 << 20;

/** The metrics of every process of a lab that serves some, in Prometheus' text format. */
export async function readMetrics({ directory }: LabPaths): Promise<Evidence[]> {
  const sockets = readdirSync(directory).filter((name) => name.endsWith('.sock'));
  const texts = await Promise.all(
    sockets.map(async (name) => ({ name, text: await getMetrics(join(directory, name)) })),
  );
  return texts.flatMap(({ name, text }) =>
    text === undefined ? [] : [{ path: `metrics/${name.replace('.sock', '')}.txt`, text }],
  );
}

/** What one process serves on its socket; undefined from a socket that nobody serves, or that serves something else. */
export function getMetrics(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath, path: '/metrics', timeout: answerMs });
    const fail = (): void => {
      outgoing.destroy();
      resolve(undefined);
    };
    outgoing.once('timeout', fail);
    outgoing.once('error', fail);
    outgoing.once('response', (response) => {
      if (response.statusCode !== 200) return fail();
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > mostBytes) fail();
      });
      response.once('end', () => resolve(text));
      response.once('error', fail);
    });
    outgoing.end();
  });
}
