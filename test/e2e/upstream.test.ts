import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { createTestApi } from '../../src/apiserver/testing/test-api.ts';
import { serviceRanges, startRawKubeApiserver, type AnyApi } from '../support/kube-apiserver.ts';
import { kubeProblem } from '../support/kube-server.ts';
import { ask, prepare, type Case, type Outcome } from './upstream/ask.ts';
import { eventCases } from './upstream/cases/events.ts';
import { endpointCases, ingressCases, policyCases, rangeCases } from './upstream/cases/network.ts';
import { coreCases, groupCases, metadataCases } from './upstream/cases/others.ts';
import { serviceCases, serviceChanges } from './upstream/cases/services.ts';
import { jobCases, podCases, workloadCases } from './upstream/cases/workloads.ts';
import { known } from './upstream/known.ts';
import { mergeExtensionsOf, type MergeExtensions } from './upstream/merge-extensions.ts';

/** What kube-apiserver 1.36.3 answered; `WEFT_RECORD=1` with KUBEBUILDER_ASSETS writes it anew. */
const file = new URL('./upstream/answers.json', import.meta.url);

const groups: Readonly<Record<string, readonly Case[]>> = {
  Services: serviceCases,
  'changes of Services': serviceChanges,
  NetworkPolicies: policyCases,
  'Ingresses and their classes': ingressCases,
  'ServiceCIDRs and IPAddresses': rangeCases,
  'EndpointSlices and Endpoints': endpointCases,
  Pods: podCases,
  'apps kinds': workloadCases,
  'Jobs and CronJobs': jobCases,
  'other core kinds': coreCases,
  'kinds of other groups': groupCases,
  'Events of events.k8s.io': eventCases,
  metadata: metadataCases,
};

/** How kube-apiserver 1.36.3 says that lists and maps merge; recorded as the answers are. */
const mergeFile = new URL('./upstream/merge-extensions.json', import.meta.url);
const recordedMerges = (): MergeExtensions => JSON.parse(readFileSync(mergeFile, 'utf8')) as MergeExtensions;
const isOwn = (path: string): boolean => path.includes('weft.dev');

const titleOf = ({ resource, name }: Case): string => `${resource}: ${name}`;

async function answersOf(api: AnyApi): Promise<Record<string, Outcome>> {
  await prepare(api);
  const answers: Record<string, Outcome> = {};
  for (const cases of Object.values(groups)) {
    for (const one of cases) {
      assert.equal(answers[titleOf(one)], undefined, `there are two cases ${titleOf(one)}`);
      answers[titleOf(one)] = await ask(api, one);
    }
  }
  return answers;
}

const recorded = (): Record<string, Outcome> =>
  JSON.parse(readFileSync(file, 'utf8')) as Record<string, Outcome>;

test('Weft answers as kube-apiserver does: codes, reasons, fields, defaults and columns', async (t) => {
  const ours = await answersOf(createTestApi({ serviceCidr: serviceRanges }));
  const theirs = recorded();
  assert.deepEqual(Object.keys(ours).toSorted(), Object.keys(theirs).toSorted());
  for (const [group, cases] of Object.entries(groups)) {
    await t.test(group, () => {
      for (const one of cases) {
        const title = titleOf(one);
        if (known[title] === undefined) assert.deepEqual(ours[title], theirs[title], title);
        else assert.notDeepEqual(ours[title], theirs[title], `${title} is no difference any more`);
      }
    });
  }
  for (const title of Object.keys(known)) assert.ok(theirs[title] !== undefined, `there is no case ${title}`);
});

test('lists and maps merge as kube-apiserver says that they do', async () => {
  const ours = await mergeExtensionsOf(createTestApi(), (path) => !isOwn(path));
  assert.ok(Object.keys(ours.extensions).length > 50);
  assert.deepEqual(ours.extensions, recordedMerges());
});

test('the recorded answers are those of a real kube-apiserver', { skip: kubeProblem() }, async (t) => {
  const real = await startRawKubeApiserver();
  t.after(() => real.close());
  const answers = await answersOf(real);
  if (process.env['WEFT_RECORD'] === '1') {
    const lines = Object.entries(answers).map(
      ([title, it]) => `${JSON.stringify(title)}: ${JSON.stringify(it)}`,
    );
    writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
  }
  assert.deepEqual(answers, recorded());
  const { fields } = await mergeExtensionsOf(createTestApi(), (path) => !isOwn(path));
  const theirs = await mergeExtensionsOf(real, () => true);
  // Only of what both have: Weft serves fewer kinds.
  const merges = Object.fromEntries(
    Object.entries(theirs.extensions)
      .filter(([field]) => fields.has(field))
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  if (process.env['WEFT_RECORD'] === '1')
    writeFileSync(mergeFile, `${JSON.stringify(merges, undefined, 1)}\n`);
  assert.deepEqual(merges, recordedMerges());
});
