import { watch, type FSWatcher } from 'node:fs';

/** Editors write a file in several steps; what they do within this time is one change. */
const settleMs = 20;

/** Tells when anything below the paths changes, until it is closed. */
export interface ChangeWatch {
  close(): void;
}

/** Files and folders as `-f` names them. Throws what the file system says of a path that cannot be watched. */
export function watchPaths(paths: readonly string[], onChange: () => void): ChangeWatch {
  let timer: NodeJS.Timeout | undefined;
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
  };
  const watchers: FSWatcher[] = [];
  const close = (): void => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  try {
    for (const path of paths) watchers.push(watch(path, { recursive: true }, changed).on('error', changed));
  } catch (thrown) {
    close();
    throw thrown;
  }
  return { close };
}
