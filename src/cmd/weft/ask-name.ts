import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { WeftError } from '../../lib/errors.ts';
import { decodeReply } from '../../wire/dns/decode-reply.ts';
import { encodeQuery } from '../../wire/dns/encode.ts';

const typeA = 1;
const classIn = 1;
/** A resolver asks again after as long, too (resolv.conf(5)). */
const patienceMs = 5000;

/**
 * The IPv4 addresses that a name server has for a name, asked over a connection of TCP (RFC 1035 section 4.2.2), which is
 * ended. Empty where there is no such name. Rejects with `name-unanswered`.
 */
export async function askName(connection: Duplex, name: string): Promise<string[]> {
  const query = encodeQuery(randomInt(0x1_0000), { name, type: typeA, class: classIn });
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  connection.write(Buffer.concat([length, query]));
  try {
    const reply = decodeReply(await readMessage(connection, name));
    return (reply?.answers ?? []).flatMap((record) => (record.type === 'A' ? [record.address] : []));
  } finally {
    connection.destroy();
  }
}

function readMessage(connection: Duplex, name: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const fail = (): void =>
      reject(new WeftError('name-unanswered', `nobody told the addresses of ${name}`, { fault: 'check' }));
    const timer = setTimeout(fail, patienceMs);
    connection.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
      clearTimeout(timer);
      resolve(bytes.subarray(2, 2 + bytes.readUInt16BE(0)));
    });
    connection.once('error', fail);
    connection.once('close', () => {
      clearTimeout(timer);
      fail();
    });
  });
}
