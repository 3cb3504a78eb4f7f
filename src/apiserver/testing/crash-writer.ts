import type { StoredObject } from '../json.ts';
import { createStore } from '../store/store.ts';

/**
 * Writes until it is killed: `node crash-writer.ts FILE`. Prints `RV KEY VALUE` for every write once it
 * is acknowledged, a removal with the value `-`; with `! ` before it what was refused, as on a full disk.
 */
const [path = ''] = process.argv.slice(2);
const store = createStore({ path, historyLimit: 300 });
const keys = 40;

const objectOf = (name: string, value: number): StoredObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { value, padding: 'x'.repeat(value % 3000) },
});

for (let value = store.resourceVersion; ; value++) {
  const lines: string[] = [];
  // Several in one turn: they share a commit.
  for (let i = 0; i <= value % 4; i++) {
    const name = `map-${(value * 7 + i * 11) % keys}`;
    const key = `default/${name}`;
    const isRemoved = value % 13 === 0 && store.get('configmaps', key) !== undefined;
    const entry = isRemoved
      ? store.remove('configmaps', key)
      : store.put('configmaps', key, objectOf(name, value));
    lines.push(`${entry?.rv} ${key} ${isRemoved ? '-' : value}\n`);
  }
  const outcome = await Promise.resolve(store.settled()).then(
    () => '',
    () => '! ',
  );
  process.stdout.write(lines.map((line) => `${outcome}${line}`).join(''));
}
