import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { WeftError } from '../../lib/errors.ts';
import { loadKubeconfig } from './kubeconfig.ts';

function inFolder(files: Record<string, string>, body: (config: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-kubeconfig-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return body(join(folder, 'config')).finally(() => rmSync(folder, { recursive: true }));
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const yaml = (user: string): string => `
apiVersion: v1
kind: Config
current-context: lab
contexts:
  - name: other
    context: { cluster: nowhere, user: nobody }
  - name: lab
    context: { cluster: lab, user: me }
clusters:
  - name: lab
    cluster:
      server: https://127.0.0.1:6443
      certificate-authority-data: ${base64('CA PEM')}
users:
  - name: me
    user: ${user}
`;

const refused = (thrown: unknown): boolean =>
  thrown instanceof WeftError && thrown.code === 'kubeconfig-invalid';

describe('a kubeconfig', () => {
  it('gives the current context with an embedded authority and token', () =>
    inFolder({ config: yaml('{ token: secret }') }, async (config) => {
      assert.deepEqual(await loadKubeconfig(config), {
        server: 'https://127.0.0.1:6443',
        ca: 'CA PEM',
        token: 'secret',
      });
    }));

  it('reads client certificates from files beside it', () =>
    inFolder(
      {
        config: yaml('{ client-certificate: me.crt, client-key: me.key }'),
        'me.crt': 'CERT',
        'me.key': 'KEY',
      },
      async (config) => {
        const { cert, key } = await loadKubeconfig(config);
        assert.deepEqual([cert, key], ['CERT', 'KEY']);
      },
    ));

  it('reads a token file anew for every request', () =>
    inFolder({ config: yaml('{ tokenFile: token }'), token: 'first\n' }, async (config) => {
      const { token } = await loadKubeconfig(config);
      assert.ok(typeof token === 'function');
      assert.equal(token(), 'first');
      writeFileSync(join(config, '..', 'token'), 'second\n');
      assert.equal(token(), 'second');
    }));

  it('may be JSON', () => {
    const config = JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k' } }],
      clusters: [{ name: 'k', cluster: { server: 'http://127.0.0.1:1', 'insecure-skip-tls-verify': true } }],
    });
    return inFolder({ config }, async (path) => {
      assert.deepEqual(await loadKubeconfig(path), { server: 'http://127.0.0.1:1', insecure: true });
    });
  });

  for (const [what, text] of [
    ['does not exist', undefined],
    ['is not YAML', 'a: [b'],
    ['is a list', '- a'],
    ['names no context', 'clusters: []'],
    ['names a context that it does not have', 'current-context: x'],
    ['wants to run a program', yaml('{ exec: { command: login } }')],
    ['names a file that is not there', yaml('{ client-certificate: no.crt }')],
  ] as const) {
    it(`is refused when it ${what}`, () =>
      inFolder(text === undefined ? {} : { config: text }, (config) =>
        assert.rejects(loadKubeconfig(config), refused),
      ));
  }
});
