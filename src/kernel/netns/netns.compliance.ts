import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { NetworkNamespaces } from './port.ts';

export interface NetworkNamespacesCase {
  readonly label: string;
  /** False, or the reason. */
  readonly skip: string | false;
  /** With nothing in it. */
  readonly make: () => NetworkNamespaces;
  /** Deletes what `make` needed, after `close`. */
  readonly cleanUp: () => void;
}

/** What every implementation of `NetworkNamespaces` does. */
export function networkNamespacesCompliance({ label, skip, make, cleanUp }: NetworkNamespacesCase): void {
  describe(label, { skip }, () => {
    let namespaces: NetworkNamespaces;

    beforeEach(() => {
      namespaces = make();
    });

    afterEach(() => {
      for (const name of namespaces.list()) namespaces.delete(name);
      namespaces.close();
      cleanUp();
    });

    test('a created namespace is listed, opened once and remembered', () => {
      const made = namespaces.create('node-1');
      namespaces.create('node-0.lab');
      assert.deepEqual(namespaces.list(), ['node-0.lab', 'node-1']);
      assert.equal(namespaces.open('node-1').fd, made.fd);
      assert.equal(namespaces.open('node-1').name, 'node-1');
    });

    test('a taken name is netns-exists and the namespace stays', () => {
      const made = namespaces.create('pod');
      assert.throws(() => namespaces.create('pod'), { code: 'netns-exists' });
      assert.equal(namespaces.open('pod').fd, made.fd);
    });

    test('opening what is not there is netns-missing, also after its deletion', () => {
      assert.throws(() => namespaces.open('pod'), { code: 'netns-missing' });
      namespaces.create('pod');
      namespaces.delete('pod');
      assert.throws(() => namespaces.open('pod'), { code: 'netns-missing' });
      assert.deepEqual(namespaces.list(), []);
    });

    test('deleting twice does nothing, and the name is free again', () => {
      namespaces.create('pod');
      namespaces.delete('pod');
      namespaces.delete('pod');
      namespaces.create('pod');
      assert.deepEqual(namespaces.list(), ['pod']);
    });

    test('a released namespace is still there, and opened anew', () => {
      namespaces.create('pod');
      namespaces.release('pod');
      namespaces.release('pod');
      namespaces.release('nobody');
      assert.deepEqual(namespaces.list(), ['pod']);
      assert.equal(
        namespaces.inside(namespaces.open('pod'), () => 42),
        42,
      );
    });

    test('names that are no plain file names are refused before anything is touched', () => {
      const bad = ['', '.', '..', '../x', 'a/b', 'A', 'a b', '-a', 'a\0b', 'x'.repeat(101)];
      for (const name of bad) {
        assert.throws(() => namespaces.create(name), { code: 'netns-name' }, JSON.stringify(name));
        assert.throws(() => namespaces.open(name), { code: 'netns-name' }, JSON.stringify(name));
        assert.throws(() => namespaces.delete(name), { code: 'netns-name' }, JSON.stringify(name));
        assert.throws(() => namespaces.release(name), { code: 'netns-name' }, JSON.stringify(name));
      }
      namespaces.create('x'.repeat(100));
    });

    test('inside returns what the function returns and throws what it throws', () => {
      const pod = namespaces.create('pod');
      assert.equal(
        namespaces.inside(pod, () => 42),
        42,
      );
      const thrown = new TypeError('mine');
      assert.throws(
        () =>
          namespaces.inside(pod, () => {
            throw thrown;
          }),
        (error) => error === thrown,
      );
    });

    test('inside can be nested and comes back to the outer namespace', () => {
      const [outer, inner] = [namespaces.create('outer'), namespaces.create('inner')];
      const seen = namespaces.inside(outer, () => [
        namespaces.inside(inner, () => 'inner'),
        namespaces.inside(outer, () => 'outer'),
      ]);
      assert.deepEqual(seen, ['inner', 'outer']);
    });
  });
}
