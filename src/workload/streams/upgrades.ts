import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Sockets } from '../../kernel/sockets/port.ts';
import { WeftError } from '../../lib/errors.ts';
import type { RpcUpgrade } from '../../lib/rpc-port.ts';
import { splice } from '../../lib/splice.ts';
import type { Journal } from '../stand-in/journal.ts';
import { connectInside } from './connect-inside.ts';
import { converse } from './converse.ts';
import { writeLog } from './log-lines.ts';
import type { RunProgram } from './port.ts';

export interface StreamOptions {
  readonly sockets: Sockets;
  readonly journal: Journal;
  readonly run: RunProgram;
}

/** The routes of `port.ts`. */
export function streamUpgrades({
  sockets,
  journal,
  run,
}: StreamOptions): Readonly<Record<string, RpcUpgrade>> {
  return {
    async 'GET /namespaces/:netns/connect'({ parameters, query }) {
      const addresses = query.getAll('address');
      if (!addresses.every((address) => isIP(address) !== 0)) throw invalid('address');
      const port = numberIn(query, 'port', 65_535) ?? 0;
      const inside = await connectInside(sockets, { netns: netnsIn(parameters), addresses, port });
      return (connection) => splice(connection, inside);
    },
    async 'GET /namespaces/:netns/exec'({ parameters, query }) {
      const command = query.getAll('command');
      if (command.length === 0) throw invalid('command');
      const uid = query.get('uid') ?? '';
      if (!/^[\w-]{1,64}$/.test(uid)) throw invalid('uid');
      const terminal = query.get('terminal') === 'true';
      const host = query.get('host') ?? '';
      const program = await run({ netns: netnsIn(parameters), uid, host, command, terminal });
      return (connection) => converse(connection, program);
    },
    'GET /pods/:uid/log'({ parameters, query }) {
      const ports = query.get('ports')?.split(',').map(Number);
      const [tail, since] = [numberIn(query, 'tail'), numberIn(query, 'since')];
      const wanted = {
        uid: parameters['uid'] ?? '',
        follow: query.get('follow') === 'true',
        timestamps: query.get('timestamps') === 'true',
        ...(tail !== undefined && { tail }),
        ...(since !== undefined && { since }),
        ...(ports !== undefined && { ports }),
      };
      return Promise.resolve((connection: Duplex) => writeLog(connection, journal, wanted));
    },
  };
}

/** Pods and nodes only: the machines that are neither are nobody's to speak for. */
function netnsIn({ netns = '' }: Readonly<Record<string, string>>): string {
  if (!/^(pod|node)-[\w.-]{1,253}$/.test(netns)) throw invalid('the namespace');
  return netns;
}

function numberIn(query: URLSearchParams, name: string, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value > most) throw invalid(name);
  return value;
}

const invalid = (what: string): WeftError =>
  new WeftError('stream-invalid', `${what} is not what a stream needs`, { fault: 'input' });
