import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { NetworkNamespaces } from '../netns/port.ts';
import type { Sysctl } from './port.ts';

export interface SysctlCase {
  readonly label: string;
  /** False, or the reason. */
  readonly skip: string | false;
  readonly make: () => { readonly namespaces: NetworkNamespaces; readonly sysctl: Sysctl };
  readonly cleanUp: () => void;
}

/** What every implementation of `Sysctl` does. */
export function sysctlCompliance({ label, skip, make, cleanUp }: SysctlCase): void {
  describe(label, { skip }, () => {
    let namespaces: NetworkNamespaces;
    let sysctl: Sysctl;

    beforeEach(() => {
      ({ namespaces, sysctl } = make());
      namespaces.create('a');
      namespaces.create('b');
    });

    afterEach(() => {
      for (const name of namespaces.list()) namespaces.delete(name);
      namespaces.close();
      cleanUp();
    });

    test('a written value is read back in its namespace and nowhere else', () => {
      const before = sysctl.read('b', 'net.ipv4.ip_forward');
      const other = before === '0' ? '1' : '0';
      sysctl.write('a', { 'net.ipv4.ip_forward': other, 'net.ipv6.conf.default.accept_dad': '0' });
      assert.equal(sysctl.read('a', 'net.ipv4.ip_forward'), other);
      assert.equal(sysctl.read('a', 'net.ipv6.conf.default.accept_dad'), '0');
      assert.equal(sysctl.read('b', 'net.ipv4.ip_forward'), before);
    });

    test('a key that does not exist reads as undefined and cannot be written', () => {
      for (const key of ['net.ipv4.no_such_key', 'net.ipv4.ip_forward.x', 'net', '', 'net..x', 'net.//.x']) {
        assert.equal(sysctl.read('a', key), undefined, key);
      }
      const write = (key: string) => () => sysctl.write('a', { [key]: '1' });
      assert.throws(write('net.ipv4.no_such_key'), {
        code: 'sysctl-missing',
        message: /net\.ipv4\.no_such_key/,
      });
      assert.throws(write('net.//.//.kernel.hostname'), { code: 'sysctl-missing' });
    });

    test('a value the kernel does not take is sysctl-refused, and those before it are written', () => {
      const values = { 'net.ipv4.conf.all.proxy_arp': '1', 'net.ipv4.ip_forward': 'yes' };
      assert.throws(() => sysctl.write('a', values), {
        code: 'sysctl-refused',
        message: /net\.ipv4\.ip_forward/,
      });
      assert.equal(sysctl.read('a', 'net.ipv4.conf.all.proxy_arp'), '1');
    });

    test('keys of the whole machine are never written', () => {
      const write = () => sysctl.write('a', { 'kernel.hostname': 'weft' });
      assert.throws(write, { code: 'sysctl-refused' });
    });

    test('an unknown namespace is netns-missing', () => {
      assert.throws(() => sysctl.read('c', 'net.ipv4.ip_forward'), { code: 'netns-missing' });
      assert.throws(() => sysctl.write('c', { 'net.ipv4.ip_forward': '1' }), { code: 'netns-missing' });
    });
  });
}
