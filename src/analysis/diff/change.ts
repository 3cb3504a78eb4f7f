/** What became of something between two clusters. */
export type Change = 'added' | 'removed' | 'changed';

/** By whether it was there and is there now. */
export function changeOf(wasThere: boolean, isThere: boolean): Change {
  if (wasThere && isThere) return 'changed';
  return wasThere ? 'removed' : 'added';
}
