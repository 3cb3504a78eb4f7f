import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { widget, widgetDefinition } from '../../src/apiserver/testing/widgets.ts';
import { kubectlOn, kubectlProblem, type Kubectl } from '../support/kubectl.ts';

const skip = kubectlProblem();

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
const definition = widgetDefinition(
  {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        description: 'What the widget is to be.',
        required: ['color'],
        properties: {
          color: { type: 'string', maxLength: 10, description: 'How it looks.' },
          size: { type: 'integer', default: 1, minimum: 1 },
        },
        'x-kubernetes-validations': [{ rule: "self.color != 'beige'", message: 'beige is no color' }],
      },
      status: anything,
    },
  },
  {
    names: { shortNames: ['wd'], categories: ['all'] },
    version: {
      subresources: {
        status: {},
        scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' },
      },
      additionalPrinterColumns: [
        { name: 'Color', type: 'string', jsonPath: '.spec.color' },
        { name: 'Size', type: 'integer', jsonPath: '.spec.size', priority: 1 },
        { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
      ],
      selectableFields: [{ jsonPath: '.spec.color' }],
    },
  },
);

async function withWidgets(kubectl: Kubectl): Promise<void> {
  await kubectl('apply', '-f', await kubectl.manifest('definition', definition));
  await kubectl('wait', '--for=condition=Established', 'crd/widgets.example.com', '--timeout=5s');
}

test(
  'kubectl knows custom resources: short names, categories, columns, explain, selectors',
  { skip },
  async (t) => {
    const kubectl = await kubectlOn(t);
    await withWidgets(kubectl);
    const file = await kubectl.manifest('red', widget('red', { color: 'red' }));
    assert.equal((await kubectl('apply', '-f', file)).stdout, 'widget.example.com/red created\n');
    assert.equal((await kubectl('apply', '-f', file)).stdout, 'widget.example.com/red unchanged\n');
    await kubectl('apply', '-f', await kubectl.manifest('blue', widget('blue', { color: 'blue', size: 3 })));
    const rows = (text: string): string[] =>
      text
        .trim()
        .split('\n')
        .map((line) => line.trim().replaceAll(/ +/g, ' '));
    assert.deepEqual(rows((await kubectl('get', 'wd')).stdout), ['NAME COLOR READY', 'blue blue', 'red red']);
    assert.deepEqual(rows((await kubectl('get', 'wd', '-o', 'wide')).stdout), [
      'NAME COLOR SIZE READY',
      'blue blue 3',
      'red red 1',
    ]);
    assert.match((await kubectl('get', 'all')).stdout, /widget\.example\.com\/red/);
    const selected = await kubectl('get', 'widgets', '--field-selector=spec.color=blue', '-o', 'name');
    assert.equal(selected.stdout, 'widget.example.com/blue\n');
    const explained = await kubectl('explain', 'widget.spec.color');
    assert.match(explained.stdout, /KIND: +Widget[\s\S]*FIELD: color <string>[\s\S]*How it looks\./);
    assert.match((await kubectl('api-resources')).stdout, /widgets +wd +example\.com\/v1 +true +Widget/);
    assert.match((await kubectl('describe', 'widget', 'red')).stdout, /Color: +red/);
  },
);

test(
  'kubectl patches, scales, applies and waits on custom resources, and hears what is wrong with them',
  { skip },
  async (t) => {
    const kubectl = await kubectlOn(t);
    await withWidgets(kubectl);
    await kubectl(
      'apply',
      '--server-side',
      '-f',
      await kubectl.manifest('red', widget('red', { color: 'red' })),
    );
    await kubectl('scale', 'widget/red', '--replicas=4');
    assert.equal((await kubectl('get', 'widget', 'red', '-o', 'jsonpath={.spec.size}')).stdout, '4');
    await kubectl('patch', 'widget', 'red', '--type=merge', '-p', '{"spec":{"color":"green"}}');
    const conflict = await kubectl.attempt(
      'apply',
      '--server-side',
      '-f',
      await kubectl.manifest('again', widget('red', { color: 'blue' })),
    );
    assert.match(conflict.stderr, /conflict with "kubectl-patch"[^:]*: \.spec\.color/);
    const beige = await kubectl.attempt(
      'patch',
      'widget',
      'red',
      '--type=merge',
      '-p',
      '{"spec":{"color":"beige"}}',
    );
    assert.match(beige.stderr, /spec: Invalid value: beige is no color/);
    const unknown = await kubectl.attempt(
      'apply',
      '-f',
      await kubectl.manifest('odd', widget('odd', { color: 'a', colour: 'b' })),
    );
    assert.match(unknown.stderr, /unknown field "spec.colour"/);

    const waiting = spawn('kubectl', ['wait', 'widget/red', '--for=condition=Ready', '--timeout=15s'], {
      env: kubectl.env,
    });
    const ended = once(waiting, 'exit');
    const status = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    await kubectl(
      'patch',
      'widget',
      'red',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify(status),
    );
    assert.deepEqual(await ended, [0, null]);
    await kubectl('wait', 'widget/red', '--for=jsonpath={.spec.color}=green', '--timeout=5s');

    await kubectl('delete', 'crd', 'widgets.example.com', '--timeout=10s');
    const gone = await kubectl.attempt('get', 'widgets');
    assert.match(gone.stderr, /doesn't have a resource type|could not find the requested resource/);
  },
);

test('kubectl hears what an admission policy denies and warns of', { skip }, async (t) => {
  const kubectl = await kubectlOn(t);
  const meta = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'small' } };
  const resourceRules = [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
  ];
  const policy = {
    ...meta,
    kind: 'ValidatingAdmissionPolicy',
    spec: {
      matchConstraints: { resourceRules },
      validations: [{ expression: '!has(object.data)', message: 'no data here' }],
    },
  };
  const binding = (action: string): object => ({
    ...meta,
    kind: 'ValidatingAdmissionPolicyBinding',
    spec: { policyName: 'small', validationActions: [action] },
  });
  await kubectl('apply', '-f', await kubectl.manifest('policy', policy));
  await kubectl('apply', '-f', await kubectl.manifest('deny', binding('Deny')));
  const denied = await kubectl.attempt('create', 'configmap', 'a', '--from-literal=x=y');
  assert.match(
    denied.stderr,
    /ValidatingAdmissionPolicy 'small' with binding 'small' denied request: no data here/,
  );
  await kubectl('apply', '-f', await kubectl.manifest('warn', binding('Warn')));
  const warned = await kubectl('create', 'configmap', 'a', '--from-literal=x=y');
  assert.match(
    warned.stderr,
    /Warning: Validation failed for ValidatingAdmissionPolicy 'small'.*: no data here/,
  );
});
