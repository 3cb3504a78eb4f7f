import type { Duplex } from 'node:stream';
import { readCluster } from '../../lab/cluster-of.ts';
import type { LabConnection } from '../../lab/connection.ts';
import { openLoopbackPort } from '../../lab/loopback-port.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { wayTo, type Way } from '../live/way-to.ts';

export interface OpenOptions {
  readonly destination: string;
  readonly name: string;
  /** Of this machine's loopback; any when absent. */
  readonly port?: number;
}

/** `weft open`: a port of this machine's loopback that leads into the lab, until the person ends it. */
export async function open(env: CliEnvironment, options: OpenOptions): Promise<ExitCode> {
  const lab = await env.connect(options.name);
  try {
    const { way, connect } = await ways(lab, options.destination);
    const opened = await openLoopbackPort({
      port: portIn(options.port ?? 0),
      connect,
      onRefused: (error) => env.err(`weft: ${options.destination}: ${messageOf(error)}\n`),
    });
    env.err(`weft: ${way.name} of lab ${options.name}, until Ctrl-C\n`);
    env.out(`http://127.0.0.1:${opened.port}/\n`);
    await env.untilInterrupted();
    await opened.close();
    return 0;
  } finally {
    await lab.close();
  }
}

/** What is behind a destination changes: where a connection failed, the next looks anew. */
async function ways(
  lab: LabConnection,
  destination: string,
): Promise<{ way: Way; connect: () => Promise<Duplex> }> {
  const find = async (): Promise<Way> => wayTo(await readCluster(lab.client), destination);
  const way = await find();
  let known: Way | undefined = way;
  return {
    way,
    async connect() {
      if (known !== undefined) {
        try {
          return await lab.connectInside(known);
        } catch {
          known = undefined;
        }
      }
      const found = await find();
      const connection = await lab.connectInside(found);
      known = found;
      return connection;
    },
  };
}

function portIn(port: number): number {
  if (port <= 65_535) return port;
  throw new WeftError('endpoint-invalid', `${port} is not a port: they go from 1 to 65535`, {
    fault: 'input',
  });
}
