import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, WeftError } from '../lib/errors.ts';
import { shortHash } from '../lib/hash.ts';
import type { Log } from '../lib/log.ts';
import { decodePodServing } from './pod-serving.ts';
import type { PodServer, PodServing } from './port.ts';

/** Pods that are served again, too, after this process was started anew. */
export interface KeptServing extends PodServer {
  /** Serves those that an earlier process wrote down; to be called once, before anybody asks for others. */
  restore(): Promise<void>;
}

/**
 * Writes down which pods `pods` serves, a file each in `directory`: when this process dies, the next one goes on by
 * itself, whatever has become of those who asked. Files of pods whose namespace is gone are removed; what else
 * cannot be served again is logged, and left for whoever asked for it.
 */
export function keepServing(
  pods: PodServer,
  { directory, log }: { readonly directory: string; readonly log: Log },
): KeptServing {
  const fileOf = (uid: string): string => join(directory, `${shortHash(uid)}.json`);

  const serveAgain = async (serving: PodServing): Promise<void> => {
    try {
      await pods.serve(serving);
    } catch (error) {
      log.warn({ pod: serving.pod, error: messageOf(error) }, 'a pod cannot be served again');
      const isGone = error instanceof WeftError && error.code === 'netns-missing';
      if (isGone) rmSync(fileOf(serving.uid), { force: true });
    }
  };

  return {
    async restore() {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const kept = readdirSync(directory).flatMap((name) => readServing(join(directory, name)));
      await Promise.all(kept.map(serveAgain));
    },
    async serve(serving) {
      // First, so that whatever is answered for is written down.
      const file = fileOf(serving.uid);
      writeFileSync(`${file}.new`, JSON.stringify(serving), { mode: 0o600 });
      renameSync(`${file}.new`, file);
      return pods.serve(serving);
    },
    async unserve(uid) {
      rmSync(fileOf(uid), { force: true });
      await pods.unserve(uid);
    },
    list: () => pods.list(),
  };
}

/** What a file says; nothing when it was cut short, or is something else. */
function readServing(path: string): PodServing[] {
  if (!path.endsWith('.json')) return [];
  try {
    return [decodePodServing(JSON.parse(readFileSync(path, 'utf8')))];
  } catch {
    return [];
  }
}
