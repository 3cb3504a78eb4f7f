import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, clientMessage, type ClientMessage } from '../../test/support/dhcp-client.ts';
import type { Leases } from '../model/fabric/layer2/leases.ts';
import { decodeDhcp } from '../wire/dhcp/message.ts';
import { answerTo } from './answer.ts';

const network = { server: '192.0.2.2', prefix: '192.0.2.0/24', gateway: '192.0.2.1' };
const mac = '02:00:5e:00:53:01';
const types = { discover: 1, request: 3, decline: 4, release: 7, inform: 8 } as const;

/** One client's lease, and what was done about it. */
function leasesWith(own: string | undefined, seconds: number | undefined = 600) {
  const done: string[] = [];
  const lease = own === undefined ? undefined : { address: own, seconds };
  const leases: Leases = {
    of: () => lease,
    offer: async (_, wanted) => lease ?? { address: wanted ?? '192.0.2.50', seconds },
    confirm: async (_, address) => {
      done.push(`confirm ${address}`);
      return address === own ? lease : undefined;
    },
    release: async (_, address) => void done.push(`release ${address}`),
    decline: async (_, address) => void done.push(`decline ${address}`),
  };
  return { leases, done };
}

interface Said extends Omit<Partial<ClientMessage>, 'type'> {
  readonly requested?: string;
  readonly server?: string;
}

async function ask(type: keyof typeof types, own: string | undefined, said: Said = {}): Promise<string> {
  const { requested, server, ...message } = said;
  const options = {
    ...(requested !== undefined && { 50: addressOf(requested) }),
    ...(server !== undefined && { 54: addressOf(server) }),
  };
  const bytes = clientMessage({ transaction: 7, mac, ...message, type: types[type], options });
  const { leases, done } = leasesWith(own);
  const reply = await answerTo(decodeDhcp(bytes) ?? assert.fail(), network, leases);
  const told =
    reply === undefined ? 'nothing' : [reply.type, reply.address, reply.lease].filter(Boolean).join(' ');
  return [told, ...done].join(', ');
}

test('who looks for a server is offered what it has, what it wants, or what there is', async () => {
  assert.equal(await ask('discover', '192.0.2.60'), 'offer 192.0.2.60 600');
  assert.equal(await ask('discover', undefined, { requested: '192.0.2.70' }), 'offer 192.0.2.70 600');
  assert.equal(await ask('discover', undefined), 'offer 192.0.2.50 600');
});

test('who takes what it was offered has it, and nothing else', async () => {
  const chosen = { server: network.server, requested: '192.0.2.60' };
  assert.equal(await ask('request', '192.0.2.60', chosen), 'acknowledge 192.0.2.60 600, confirm 192.0.2.60');
  assert.equal(await ask('request', '192.0.2.61', chosen), 'refuse, confirm 192.0.2.60');
  assert.equal(await ask('request', undefined, chosen), 'refuse, confirm 192.0.2.60');
});

test('who takes another server’s offer gives back what was kept', async () => {
  const other = { server: '192.0.2.3', requested: '192.0.2.60' };
  assert.equal(await ask('request', '192.0.2.61', other), 'nothing, release 192.0.2.61');
  assert.equal(await ask('request', undefined, other), 'nothing');
});

test('who comes back is told whether it still has it; whom nobody knows, nothing', async () => {
  const back = { requested: '192.0.2.60' };
  assert.equal(await ask('request', '192.0.2.60', back), 'acknowledge 192.0.2.60 600, confirm 192.0.2.60');
  assert.equal(await ask('request', '192.0.2.61', back), 'refuse, confirm 192.0.2.60');
  assert.equal(await ask('request', undefined, back), 'nothing');
  assert.equal(await ask('request', undefined, { requested: '198.51.100.7' }), 'refuse');
});

test('who goes on with its lease says only what it has', async () => {
  const renewing = { ciaddr: '192.0.2.60' };
  assert.equal(
    await ask('request', '192.0.2.60', renewing),
    'acknowledge 192.0.2.60 600, confirm 192.0.2.60',
  );
  assert.equal(await ask('request', '192.0.2.61', renewing), 'refuse, confirm 192.0.2.60');
});

test('what is given back, or found to be somebody’s, is so only for this server', async () => {
  const ours = { server: network.server };
  const theirs = { server: '192.0.2.3' };
  const left = { ciaddr: '192.0.2.60' };
  const found = { requested: '192.0.2.60' };
  assert.equal(await ask('release', '192.0.2.60', { ...ours, ...left }), 'nothing, release 192.0.2.60');
  assert.equal(await ask('release', '192.0.2.60', { ...theirs, ...left }), 'nothing');
  assert.equal(await ask('decline', '192.0.2.60', { ...ours, ...found }), 'nothing, decline 192.0.2.60');
  assert.equal(await ask('decline', '192.0.2.60', { ...theirs, ...found }), 'nothing');
});

test('who has an address by itself is told of the network, and given none', async () => {
  assert.equal(await ask('inform', undefined, { ciaddr: '192.0.2.9' }), 'acknowledge');
});

test('what is said to come from another network is not answered', async () => {
  assert.equal(await ask('discover', undefined, { giaddr: '198.51.100.1' }), 'nothing');
});

test('the lab’s own machine has its address for ever', async () => {
  const { leases } = leasesWith(undefined, undefined);
  const said = decodeDhcp(clientMessage({ type: 1, transaction: 7, mac })) ?? assert.fail();
  const reply = await answerTo(said, network, {
    ...leases,
    offer: async () => ({ address: '192.0.2.9', seconds: undefined }),
  });
  assert.deepEqual([reply?.address, reply?.lease], ['192.0.2.9', 0xffff_ffff]);
});
