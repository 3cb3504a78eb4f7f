import assert from 'node:assert/strict';
import { test } from 'node:test';
import { libc, syscall, SyscallError, syscallUnless } from './libc.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from './libc-constants.ts';
import { errnoName, errnoNumber } from './libc-errno.ts';
import { MessageHeader } from './libc-message.ts';

// 127.0.0.1, port chosen by the kernel; struct sockaddr_in.
const loopback = Buffer.from([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);

function udpSocket(): number {
  const fd = syscall('socket', () => libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  syscall('bind', () => libc().bind(fd, loopback, loopback.length));
  return fd;
}

function addressOfSocket(fd: number): Buffer {
  const address = Buffer.alloc(16);
  const length = Buffer.from([16, 0, 0, 0]);
  syscall('getsockname', () => libc().getsockname(fd, address, length));
  return address;
}

test('a refused call throws its errno by name and number', () => {
  assert.throws(
    () => syscall('close', () => libc().close(1_000_000)),
    (error: unknown) => error instanceof SyscallError && error.errnoName === 'EBADF' && error.errno === 9,
  );
});

test('an expected errno is undefined, another one still throws', () => {
  const close = () => libc().close(1_000_000);
  assert.equal(syscallUnless(['EBADF'], 'close', close), undefined);
  assert.throws(() => syscallUnless(['EAGAIN'], 'close', close), SyscallError);
});

test('errno names and numbers agree, also where a number has two names', () => {
  assert.equal(errnoName(17), 'EEXIST');
  assert.equal(errnoName(11), 'EAGAIN');
  assert.equal(errnoName(95), 'EOPNOTSUPP');
  assert.equal(errnoName(9999), 'E9999');
  assert.equal(errnoNumber('ENETUNREACH'), 101);
  assert.equal(errnoNumber('ENONSENSE'), undefined);
});

test('sendmsg and recvmsg carry data and addresses through one reusable header', () => {
  const [sender, receiver] = [udpSocket(), udpSocket()];
  try {
    const outgoing = new MessageHeader({ data: Buffer.from('packets'), name: addressOfSocket(receiver) });
    const [data, name] = [Buffer.alloc(4), Buffer.alloc(32)];
    const incoming = new MessageHeader({ data, name });
    assert.equal(incoming.receive(receiver), undefined);
    assert.equal(outgoing.send(sender, 4), 4);
    const first = incoming.receive(receiver);
    assert.deepEqual(first, { length: 4, nameLength: 16, controlLength: 0, flags: 0 });
    assert.equal(data.toString(), 'pack');
    assert.deepEqual(name.subarray(0, 16), addressOfSocket(sender));
    outgoing.send(sender, 7);
    assert.equal(incoming.receive(receiver)?.flags, 0x20, 'MSG_TRUNC');
  } finally {
    libc().close(sender);
    libc().close(receiver);
  }
});
