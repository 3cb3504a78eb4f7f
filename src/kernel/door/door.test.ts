import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { closeDoor, copyDoor, doorDescriptor, openDoor } from './door.ts';

test('what connects while nobody accepts is served by whoever takes the door from a process that has it', async () => {
  const opened = openDoor();
  const keeper = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', opened] });
  try {
    await once(keeper, 'spawn');
    closeDoor(opened);
    const door = copyDoor(keeper.pid ?? 0);
    const server = createServer((socket) => socket.end('served')).listen({ fd: door });
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    assert.equal(address.address, '127.0.0.1');
    server.close();
    // The keeper's copy keeps the port.
    const client = connect(address.port, '127.0.0.1').setEncoding('utf8');
    await once(client, 'connect');
    const next = createServer((socket) => socket.end('served')).listen({ fd: copyDoor(keeper.pid ?? 0) });
    const [text] = (await once(client, 'data')) as [string];
    assert.equal(text, 'served');
    next.close();
  } finally {
    keeper.kill('SIGKILL');
  }
});

test('a process without a door, or that is gone, is told apart', async () => {
  const script = 'exec 3>&-; echo started; exec sleep 60';
  const other = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(other.stdout, 'data');
  const { pid = 0 } = other;
  try {
    assert.equal(doorDescriptor, 3);
    assert.throws(() => copyDoor(pid), { errnoName: 'EBADF' });
  } finally {
    other.kill('SIGKILL');
  }
  await once(other, 'exit');
  assert.throws(() => copyDoor(pid), { errnoName: 'ESRCH' });
});
