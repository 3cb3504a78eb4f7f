/** Takes things away inside a lab's namespaces, as somebody with `ip` and `nft` could, and waits until they are back. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import { getMetrics } from '../../src/lab/bundle/metrics.ts';
import { labAddresses } from '../../src/model/network/lab-addresses.ts';
import { podLinkName } from '../../src/plan/links/node.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually, pathsOf, pause, processesOf } from './weft.ts';

const programs = ['ip', 'nft', 'nsenter', 'umount'];
const missing = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
const skip =
  cannotSendPackets === false && missing.length > 0 ? `needs ${missing.join(', ')}` : cannotSendPackets;

describe('what somebody takes away by hand', { skip }, () => {
  let lab: TestLab;
  let client = '';
  let server = '';

  before(async () => {
    lab = await startLab('drift');
    await lab.apply([podOn('node-1', 'default/client'), podOn('node-2', 'default/server')]);
    client = await lab.netnsOf('default/client');
    server = (await lab.pod('default/server')).status?.podIP ?? '';
  });
  after(() => lab.down());

  /** Runs a program in the lab's mount namespace, and in one of its network namespaces. */
  const byHand = (netns: string | undefined, ...command: string[]): string => {
    const [member] = processesOf(lab.name);
    const enter = netns === undefined ? [] : ['nsenter', `--net=${pathsOf(lab.name).namespaces}/${netns}`];
    const args = ['--mount', '--target', String(member?.record.pid), ...enter, ...command];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8' });
    assert.equal(status, 0, `${command.join(' ')}: ${stderr}`);
    return stdout;
  };
  /** Keeps a process of the lab from answering what is done by hand in several steps. */
  const whileStopped = (role: string, run: () => void): void => {
    const pid = processesOf(lab.name).find((one) => one.role === role)?.record.pid;
    assert.ok(pid !== undefined, `${role} runs`);
    process.kill(pid, 'SIGSTOP');
    try {
      run();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  };
  const repairsOf = async (role: 'agents' | 'control'): Promise<number> => {
    const text = await getMetrics(pathsOf(lab.name).metrics(role));
    assert.ok(text !== undefined, `${role} serves no metrics`);
    return Number(/^weft_repairs_total (\d+)$/m.exec(text)?.[1]);
  };
  const looks = (): string[] =>
    [
      byHand('node-node-1', 'ip', '-o', 'address', 'show', 'scope', 'global'),
      byHand('node-node-1', 'ip', 'route'),
      byHand('node-node-1', 'ip', 'neighbour', 'show', 'nud', 'permanent'),
      byHand('node-node-1', 'nft', '-s', 'list', 'ruleset'),
    ]
      .join('')
      // The kernel numbers links anew, and lists elements of a set in any order.
      .replaceAll(/^\d+: /gm, '')
      .split(/[\n,]/)
      .map((line) => line.trim())
      .toSorted();

  const cases: Readonly<Record<string, (link: string) => readonly string[]>> = {
    'the table of Services': () => ['nft', 'delete', 'table', 'ip', 'weft-services'],
    'the table of policies': () => ['nft', 'delete', 'table', 'ip', 'weft-policy'],
    'the rules of a chain': () => ['nft', 'flush', 'chain', 'ip', 'weft-policy', 'forward'],
    'the order of rules': () => ['nft', 'insert', 'rule', 'ip', 'weft-policy', 'forward', 'accept'],
    'all elements of a set': () => ['nft', 'flush', 'set', 'ip', 'weft-policy', 'resident'],
    "a pod's link": (link) => ['ip', 'link', 'delete', link],
    'the way to a pod': (link) => ['ip', 'route', 'flush', 'dev', link],
    'a link, by setting it down': (link) => ['ip', 'link', 'set', link, 'down'],
    "a pod's neighbour": (link) => ['ip', 'neighbour', 'flush', 'nud', 'permanent', 'dev', link],
    'the tunnel': () => ['ip', 'link', 'delete', 'vxlan.calico'],
    "the tunnel's address": () => ['ip', 'address', 'flush', 'dev', 'vxlan.calico'],
    "the node's cable": () => ['ip', 'link', 'delete', 'eth0'],
  };
  for (const [what, command] of Object.entries(cases)) {
    test(`${what} is back, and packets go on`, async () => {
      const before = looks();
      const pod = await lab.pod('default/client');
      byHand('node-node-1', ...command(podLinkName(pod.metadata.uid ?? '')));
      await eventually(async () => {
        const now = looks();
        assert.deepEqual([before.filter((line) => !now.includes(line)), now.length], [[], before.length]);
      });
      await eventually(async () =>
        assert.equal((await lab.probe(client, `${server}:8080`)).outcome, 'answered'),
      );
    });
  }

  const insidePod: Readonly<Record<string, string>> = {
    'its address': 'address flush dev eth0',
    'its default route': 'route del default',
    'its gateway': 'neighbour flush nud permanent dev eth0',
    'its link': 'link delete eth0',
    'its link, set down,': 'link set eth0 down',
  };
  for (const [what, command] of Object.entries(insidePod)) {
    test(`inside a pod, ${what} is back, and its packets go on`, async () => {
      const looks = (): string[] =>
        ['address show dev eth0', 'route', 'neighbour show nud permanent']
          .flatMap((show) => byHand(client, 'ip', '-o', ...show.split(' ')).split('\n'))
          .map((line) => line.replace(/^\d+: |@if\d+/g, '').replace(/ +$/, ''));
      const before = looks();
      const repairs = await repairsOf('agents');
      byHand(client, 'ip', ...command.split(' '));
      await eventually(async () => assert.deepEqual(looks(), before));
      assert.equal((await lab.probe(client, `${server}:8080`)).outcome, 'answered');
      assert.ok((await repairsOf('agents')) > repairs, 'it is counted');
    });
  }

  test('a pod with an eth0 of its own is not ready and says why, until that is gone', async () => {
    const ready = async (): Promise<string | undefined> => {
      const { status } = await lab.pod('default/client');
      const condition = status?.conditions?.find(({ type }) => type === 'Ready');
      return condition?.status === 'True' ? 'ready' : condition?.reason;
    };
    // The agents would mend the link between the two.
    whileStopped('agents', () => {
      byHand(client, 'ip', 'link', 'delete', 'eth0');
      byHand(client, 'ip', 'link', 'add', 'eth0', 'type', 'bridge');
    });
    await eventually(async () => assert.equal(await ready(), 'NetworkBroken'));
    await eventually(async () => {
      const { items } = await lab.connection.client.list(resources.events);
      assert.ok(
        items.some(
          ({ reason, involvedObject }) => `${reason} ${involvedObject.name}` === 'NetworkBroken client',
        ),
      );
    });
    byHand(client, 'ip', 'link', 'delete', 'eth0');
    await eventually(async () => assert.equal(await ready(), 'ready'), 40_000);
    assert.equal((await lab.probe(client, `${server}:8080`)).outcome, 'answered');
  });

  test('a node whose namespace was unpinned has it back, and people are told', async () => {
    const pin = `${pathsOf(lab.name).namespaces}/node-node-2`;
    byHand(undefined, 'umount', '--lazy', pin);
    byHand(undefined, 'rm', pin);
    await eventually(async () => assert.match(byHand('node-node-2', 'ip', '-o', 'link'), /vxlan/));
    await eventually(async () => {
      const { items } = await lab.connection.client.list(resources.events);
      const reasons = items.map(({ reason, involvedObject }) => `${reason} ${involvedObject.name}`);
      for (const expected of [
        'NetworkRepaired node-1',
        'NetworkRepaired client',
        'NamespaceRestored node-2',
      ]) {
        assert.ok(reasons.includes(expected), `${expected} in ${reasons.join(', ')}`);
      }
    });
    assert.equal((await lab.probe(client, `${server}:8080`)).outcome, 'answered');
    assert.ok((await repairsOf('control')) > 0, 'it is counted');
  });

  test('a router that is taken away is missed by nobody but those who go through it, and comes back', async () => {
    const outcomeOf = async (target: string): Promise<string> => (await lab.probe(client, target)).outcome;
    const { internet } = labAddresses;
    assert.equal(await outcomeOf(`${internet}:80`), 'answered');
    const pin = `${pathsOf(lab.name).namespaces}/router`;
    const control = processesOf(lab.name).find(({ role }) => role === 'control');
    assert.ok(control);
    process.kill(control.record.pid, 'SIGSTOP');
    try {
      for (const link of byHand('router', 'ip', '-o', 'link').matchAll(/^\d+: (?!lo:)([^:@]+)/gm)) {
        byHand('router', 'ip', 'link', 'delete', link[1] ?? '');
      }
      byHand(undefined, 'umount', '--lazy', pin);
      byHand(undefined, 'rm', pin);
      assert.notEqual(await outcomeOf(`${internet}:80`), 'answered');
      assert.equal(await outcomeOf(`${server}:8080`), 'answered');
      assert.equal((await lab.probe('node-node-1', '172.20.1.2:10250')).outcome, 'refused');
    } finally {
      process.kill(control.record.pid, 'SIGCONT');
    }
    await eventually(async () => assert.equal(await outcomeOf(`${internet}:80`), 'answered'));
    await eventually(async () => {
      const { items } = await lab.connection.client.list(resources.events);
      const told = items.filter(
        ({ reason, message }) => reason === 'NamespaceRestored' && /namespace router /.test(message),
      );
      assert.deepEqual(told.map(({ involvedObject }) => involvedObject.name).toSorted(), [
        'node-1',
        'node-2',
        'node-3',
      ]);
    });
  });

  test('agents that stand still for ten seconds catch up, and connections do not notice', async () => {
    const agents = processesOf(lab.name).find(({ role }) => role === 'agents');
    assert.ok(agents);
    process.kill(agents.record.pid, 'SIGSTOP');
    try {
      const apply = lab.apply([
        podOn('node-1', 'default/client'),
        podOn('node-2', 'default/server'),
        podOn('node-3', 'default/late'),
      ]);
      await pause(10_000);
      assert.equal((await lab.probe(client, `${server}:8080`)).outcome, 'answered');
      process.kill(agents.record.pid, 'SIGCONT');
      await apply;
    } finally {
      process.kill(agents.record.pid, 'SIGCONT');
    }
    const late = (await lab.pod('default/late')).status?.podIP ?? '';
    assert.equal((await lab.probe(client, `${late}:8080`)).outcome, 'answered');
  });
});
