/** Questions about manifests whose nodes are in a virtual network, as people type them. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { folderOf, run } from '../testing/terminal.ts';

const shop = `apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: web, image: web, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: weft.dev/v1alpha1
kind: VirtualNetwork
metadata: { name: default }
spec:
  addressSpace: [172.20.0.0/16]
  subnets:
    - { name: nodes, prefix: 172.20.0.0/17, networkSecurityGroup: nodes }
    - { name: machines, prefix: 172.20.128.0/24 }
---
apiVersion: weft.dev/v1alpha1
kind: VirtualMachine
metadata: { name: desk }
spec: { interfaces: [{ name: eth0, network: default, subnet: machines, addresses: [172.20.128.4] }] }
---
`;
const group = (...rules: string[]): string => `apiVersion: weft.dev/v1alpha1
kind: NetworkSecurityGroup
metadata: { name: nodes }
spec:
  rules: [${rules.join(', ')}]
`;
const front =
  '{ name: front, priority: 100, direction: Inbound, access: Allow, sources: [Internet], destinationPorts: ["80"] }';
const desk =
  '{ name: desk, priority: 110, direction: Inbound, access: Deny, sources: [172.20.128.4], destinationPorts: ["1-8079"] }';

const closed = folderOf({ 'shop.yaml': shop + group(desk) });
const open = folderOf({ 'shop.yaml': shop + group(front) });
after(() => {
  closed[Symbol.dispose]();
  open[Symbol.dispose]();
});
const model = ['--network', 'azure-cni'];

test('the internet reaches a load balancer as far as the security groups of the nodes let it', async () => {
  const explain = (path: string): ReturnType<typeof run> =>
    run(['explain', 'internet', 'svc:shop/web', '-f', path, ...model]);
  const refused = await explain(closed.path);
  assert.equal(refused.code, 1);
  assert.match(
    refused.out,
    /NetworkSecurityGroup nodes of subnet nodes does not let it in: DenyAllInBound \(65500\); a rule that allows Inbound TCP from 203\.0\.113\.10 to 203\.0\.113\.132:80/,
  );
  const admitted = await explain(open.path);
  assert.equal(admitted.code, 0);
  assert.match(admitted.out, /security +allowed +NetworkSecurityGroup nodes +spec\.rules\[0\] +\S+:29/);
});

test('what would let a flow past a security group or a route is told, tried and as small as can be', async () => {
  const explain = async (path: string, ...ends: [string, string]): Promise<string> =>
    (await run(['explain', ...ends, '-f', path, ...model])).out;
  assert.match(
    await explain(closed.path, 'internet', 'svc:shop/web'),
    /It would be allowed with\n {4}added to NetworkSecurityGroup nodes spec\.rules \(\S+:29\)\n {6}- name: allow-inbound-4096\n {8}priority: 4096\n {8}direction: Inbound\n {8}access: Allow\n {8}protocol: Tcp\n {8}sources:\n {10}- 203\.0\.113\.10\n {8}destinations:\n {10}- 203\.0\.113\.132\n/,
  );
  const past = await explain(closed.path, 'vm:desk', 'shop/web:80');
  assert.match(past, /It would be refused with\n[^]*priority: 109\n/, 'before the rule that denies');
  assert.match(past, /With it\n {4}changed {2}vm:desk => shop\/web\[Pod\] : .* -> .*TCP 80,/);
  const routed = shop.replace('networkSecurityGroup: nodes', 'routeTable: rt');
  const table = `apiVersion: weft.dev/v1alpha1
kind: RouteTable
metadata: { name: rt }
spec: { routes: [{ name: desk, prefix: 172.20.128.4/32, nextHopType: None }] }
`;
  const lost = folderOf({ 'shop.yaml': routed + table });
  const without = await explain(lost.path, 'shop/web', 'vm:desk:80');
  lost[Symbol.dispose]();
  assert.match(without, /It would be allowed with\n {4}removed: RouteTable rt spec\.routes\[0\] \(\S+:28\)/);
  assert.match(without, /added {4}shop\/web\[Pod\] => vm:desk : all/);
});

test('--exposure says whether a security group stands in a way in', async () => {
  const verdict = async (path: string): Promise<unknown> => {
    const { out } = await run(['reach', '--exposure', '-f', path, ...model, '-o', 'json']);
    const { exposures } = JSON.parse(out) as { exposures: { by: string; verdicts: string[] }[] };
    return exposures.find(({ by }) => by.startsWith('address'))?.verdicts;
  };
  assert.deepEqual(await verdict(closed.path), ['unreachable']);
  assert.deepEqual(await verdict(open.path), ['allowed']);
});

test('reach has machines as ends, with the ports that security groups leave', async () => {
  const { out, code } = await run(['reach', '-f', closed.path, ...model]);
  assert.equal(code, 0);
  assert.deepEqual(out.trimEnd().split('\n').slice(0, -2), [
    'internet => shop/web[Pod] : all',
    'vm:desk => shop/web[Pod] : SCTP 8080-65535, TCP 8080-65535, UDP 8080-65535, other',
    'vm:desk => internet : all',
    'shop/web[Pod] => internet : all',
    'shop/web[Pod] => vm:desk : all',
  ]);
});

test('diff tells what a rule of a security group opens', async () => {
  const { out, code } = await run(['diff', closed.path, open.path, ...model]);
  assert.equal(code, 1);
  assert.match(
    out,
    /^changed {2}vm:desk => shop\/web\[Pod\] : SCTP 8080-65535, TCP 8080-65535, UDP 8080-65535, other -> all\n/,
  );
});

test('pods have addresses of the subnet that their model has them from', async () => {
  const { out } = await run(['explain', 'shop/web', 'vm:desk:80', '-f', open.path, ...model, '-o', 'json']);
  const { path } = JSON.parse(out) as { path: { packet: string }[] };
  assert.match(path[0]?.packet ?? '', /^TCP 172\.20\.127\.254 -> /);
});

test('what manifests do not say of the networks is as in a lab', async () => {
  const desk = shop.split('---\n').filter((part) => !part.includes('VirtualNetwork'));
  const folder = folderOf({ 'shop.yaml': desk.join('---\n') });
  const { out } = await run(['reach', '-f', folder.path, '--from', 'vm:desk', ...model]);
  folder[Symbol.dispose]();
  assert.match(out, /^vm:desk => shop\/web\[Pod\] : all$/m);
});

test('a model is for manifests: what runs has one, and a ClusterNetwork says its own', async () => {
  const running = await run(['reach', ...model]);
  assert.equal(running.code, 2);
  assert.match(running.err, /--network is for manifests/);
  const said = folderOf({
    'network.yaml':
      'apiVersion: weft.dev/v1alpha1\nkind: ClusterNetwork\nmetadata: { name: default }\nspec: { model: kubenet }\n',
  });
  const { code, err } = await run(['reach', '-f', said.path, ...model]);
  said[Symbol.dispose]();
  assert.equal(code, 2);
  assert.match(err, /--network azure-cni contradicts the ClusterNetwork's kubenet/);
});
