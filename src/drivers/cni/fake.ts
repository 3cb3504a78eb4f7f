import type { CniResults } from './port.ts';

/** Results in memory; they outlive the agents of a test. */
export function createFakeCniResults(): CniResults {
  const nodes = new Map<string, Map<string, string>>();
  const of = (node: string): Map<string, string> => {
    const found = nodes.get(node) ?? new Map<string, string>();
    nodes.set(node, found);
    return found;
  };
  return {
    read(node, uid) {
      const text = of(node).get(uid);
      return text === undefined ? undefined : JSON.parse(text);
    },
    write: (node, uid, saved) => void of(node).set(uid, JSON.stringify(saved)),
    remove: (node, uid) => void of(node).delete(uid),
    list: (node) => [...of(node).keys()],
  };
}
