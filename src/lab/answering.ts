import { readFileSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import type { LabPaths } from './paths.ts';

/** The processes of a lab that somebody who wants to use it would wait for: those that do not answer now. */
export async function silentRoles(paths: LabPaths): Promise<string[]> {
  const port = apiPortOf(paths);
  // Until the API server answers nothing can be used: asking the others would only take time from their starting.
  if (port === undefined) return ['control'];
  const asked: [string, NetConnectOpts][] = [
    ['control', { host: '127.0.0.1', port }],
    ...(['holder', 'agents', 'dns'] as const).map((role): [string, NetConnectOpts] => [
      role,
      { path: paths.socket(role) },
    ]),
  ];
  const answers = await Promise.all(asked.map(async ([role, at]) => ((await accepts(at)) ? [] : [role])));
  return answers.flat();
}

/** Where the API server is, by the kubeconfig that it writes when it is ready for the first time. */
function apiPortOf({ kubeconfig }: LabPaths): number | undefined {
  try {
    const port = /"?server"?: *"?https:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(kubeconfig, 'utf8'))?.[1];
    return port === undefined ? undefined : Number(port);
  } catch {
    return undefined;
  }
}

/** A socket file may be what a dead process left, so only a connection tells. */
function accepts(at: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at);
    const settle = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
