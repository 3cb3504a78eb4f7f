/** What waits in the sinks of one server, together. */
export interface Backlog {
  /** Counts a sink's change in bytes; when the sum is too much, the sink that holds most is cut off. */
  changed(member: Member, bytes: number): void;
  /** Forgets a sink that is over. */
  left(member: Member): void;
}

export interface Member {
  cut(): void;
}

/** Thousands of slow watchers may hold this much in all; most of it is text that they share. */
const mostBytes = 512 * 1024 * 1024;

export function createBacklog(limit = mostBytes): Backlog {
  const held = new Map<Member, number>();
  let sum = 0;

  const left = (member: Member): void => {
    sum -= held.get(member) ?? 0;
    held.delete(member);
  };
  return {
    left,
    changed(member, bytes) {
      held.set(member, (held.get(member) ?? 0) + bytes);
      sum += bytes;
      if (sum <= limit) return;
      const [largest] = [...held].reduce((one, other) => (other[1] > one[1] ? other : one));
      left(largest);
      largest.cut();
    },
  };
}
