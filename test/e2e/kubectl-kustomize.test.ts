import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { kubectlOn, kubectlProblem } from '../support/kubectl.ts';

const skip = kubectlProblem();

const base = {
  'kustomization.yaml': `
resources: [web.yaml]
configMapGenerator: [{ name: web, literals: [greeting=hello] }]
`,
  'web.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: c, image: web, envFrom: [{ configMapRef: { name: web } }] }]
`,
};

const overlay = (greeting: string): string => `
resources: [../base]
namePrefix: prod-
images: [{ name: web, newTag: v2 }]
replicas: [{ name: web, count: 2 }]
configMapGenerator: [{ name: web, behavior: merge, literals: [greeting=${greeting}] }]
`;

test('kubectl applies, compares, changes and deletes a kustomization', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  const folder = (name: string): string => join(kubectl.server.directory, name);
  for (const name of ['base', 'prod']) mkdirSync(folder(name));
  for (const [name, text] of Object.entries(base)) writeFileSync(join(folder('base'), name), text);
  const write = (greeting: string): void =>
    writeFileSync(join(folder('prod'), 'kustomization.yaml'), overlay(greeting));
  const see = async (path: string): Promise<string> =>
    (await kubectl('get', 'deployment', 'prod-web', '-o', `jsonpath=${path}`)).stdout;
  const configMap = '{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}';

  write('hi');
  assert.match((await kubectl('apply', '-k', folder('prod'))).stdout, /deployment\.apps\/prod-web created/);
  assert.equal(await see('{.spec.replicas} {.spec.template.spec.containers[0].image}'), '2 web:v2');
  const first = await see(configMap);
  assert.match(first, /^prod-web-[a-z0-9]{10}$/);
  const greeting = await kubectl('get', 'configmap', first, '-o', 'jsonpath={.data.greeting}');
  assert.equal(greeting.stdout, 'hi');
  assert.equal((await kubectl('diff', '-k', folder('prod'))).stdout, '');

  write('good morning');
  const difference = await kubectl.attempt('diff', '-k', folder('prod'));
  assert.equal(difference.code, 1);
  assert.match(difference.stdout, new RegExp(`^- +name: ${first}$`, 'm'));
  assert.match((await kubectl('apply', '-k', folder('prod'))).stdout, /prod-web configured/);
  assert.notEqual(await see(configMap), first);
  await kubectl('delete', '-k', folder('prod'));
  assert.equal((await kubectl('get', 'deployments', '-o', 'name')).stdout, '');
});
