/**
 * What became of one check. `missing`: labs cannot run like this. `limited`: they run, with what `found` says left out.
 * `skipped`: it could not be tried, because something it needs is missing.
 */
export type State = 'ok' | 'limited' | 'missing' | 'skipped';

/** How to get what is missing. */
export interface Remedy {
  /** What to do, as a sentence or a command. */
  readonly hint: string;
  /** Packages that have it. */
  readonly debian?: string;
  readonly fedora?: string;
}

/** One line of a diagnosis. */
export interface Finding {
  /** What was checked, in a word or two. */
  readonly check: string;
  readonly state: State;
  /** What is there, or why it is not. */
  readonly found: string;
  /** Absent where nothing is to be done. */
  readonly remedy?: Remedy;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });

export const missing = (check: string, found: string, remedy: Remedy): Finding => ({
  check,
  state: 'missing',
  found,
  remedy,
});

export const limited = (check: string, found: string, remedy: Remedy): Finding => ({
  check,
  state: 'limited',
  found,
  remedy,
});

/** Kernel modules are in packages that small installations leave out. */
export function moduleRemedy(module: string): Remedy {
  return {
    hint: `modprobe ${module}, and put ${module} into /etc/modules-load.d/weft.conf to keep it`,
    debian: 'linux-image-amd64 or linux-image-arm64 (not a cloud image of it)',
    fedora: 'kernel-modules',
  };
}
