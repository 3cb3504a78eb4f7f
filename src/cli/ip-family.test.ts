import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { folderOf, run } from './testing/terminal.ts';

const pods = `
apiVersion: v1
kind: Pod
metadata: { name: client, namespace: default }
spec: { containers: [{ name: c }] }
---
apiVersion: v1
kind: Pod
metadata: { name: server, namespace: default, labels: { app: server } }
spec: { containers: [{ name: c, ports: [{ containerPort: 80 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: four, namespace: default }
spec:
  podSelector: { matchLabels: { app: server } }
  ingress: [{ from: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }]
`;
const dual = `
apiVersion: weft.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: default }
spec: { podCIDR: '10.244.0.0/16,fd00:10:244::/56', serviceCIDR: '10.96.0.0/12,fd00:10:96::/112' }
`;
const folder = folderOf({ 'pods.yaml': pods });
const both = folderOf({ 'pods.yaml': pods, 'network.yaml': dual });
after(() => {
  folder[Symbol.dispose]();
  both[Symbol.dispose]();
});

test('a question about one family is answered in it, for a policy may tell the families apart', async () => {
  const ask = (family: string, ...words: string[]): ReturnType<typeof run> =>
    run([...words, '-f', both.path, '--ip-family', family]);
  const explain = ['explain', 'default/client', 'default/server:80', '-o', 'json'];
  const verdictOf = ({ out }: { out: string }): unknown => (JSON.parse(out) as { verdict: unknown }).verdict;
  assert.equal(verdictOf(await ask('ipv4', ...explain)), 'allowed');
  assert.equal(verdictOf(await ask('ipv6', ...explain)), 'denied');

  const expectation = ['test', 'default/client -> default/server:80'];
  assert.equal((await ask('ipv4', ...expectation)).code, 0);
  assert.equal((await ask('ipv6', ...expectation)).code, 1);

  const row = /^default\/client\[Pod\] => default\/server\[Pod\] : all$/m;
  assert.match((await ask('ipv4', 'reach')).out, row);
  const six = (await ask('ipv6', 'reach')).out;
  assert.doesNotMatch(six, row);
  assert.match(six, /^default\/server\[Pod\] => ::\/0 : all$/m);
  assert.doesNotMatch(six, /0\.0\.0\.0/);
});

test('manifests that do not say get the family that is asked about', async () => {
  const { out } = await run(['reach', '-f', folder.path, '--ip-family', 'ipv6']);
  assert.match(out, /::\/0 => default\/client\[Pod\] : all/);
});

test('a family that the cluster does not speak, and what is none, end with 2', async () => {
  const four = folderOf({ 'network.yaml': dual.replaceAll(/,fd00:[^']*/g, ''), 'pods.yaml': pods });
  for (const word of ['ipv6', 'dual', 'five']) {
    const { code, err } = await run(['reach', '-f', four.path, '--ip-family', word]);
    assert.equal(code, 2, word);
    assert.match(err, /^weft: (the cluster has no IPv6 addresses|--ip-family must be ipv4 or ipv6, not \w+)/);
  }
  four[Symbol.dispose]();
});
