import { readFileSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import { readLabOptions } from './options.ts';
import type { LabPaths } from './paths.ts';

/** The processes of a lab that somebody who wants to use it would wait for: those that do not answer now. */
export async function silentRoles(paths: LabPaths): Promise<string[]> {
  const control = controlOf(paths);
  // Until the API server answers nothing can be used: asking the others would only take time from their starting.
  if (control === undefined) return ['control'];
  const asked: [string, NetConnectOpts][] = [
    ['control', control],
    ...(['holder', 'agents', 'dns'] as const).map((role): [string, NetConnectOpts] => [
      role,
      { path: paths.socket(role) },
    ]),
  ];
  const answers = await Promise.all(asked.map(async ([role, at]) => ((await accepts(at)) ? [] : [role])));
  return answers.flat();
}

/** Where the control process answers when it is ready; undefined where it cannot be yet. */
function controlOf(paths: LabPaths): NetConnectOpts | undefined {
  // Where the API server is somebody else's, its answering says nothing about the lab.
  if (isOnCluster(paths)) return { path: paths.socket('control') };
  const port = apiPortOf(paths);
  return port === undefined ? undefined : { host: '127.0.0.1', port };
}

function isOnCluster({ options }: LabPaths): boolean {
  try {
    return readLabOptions(options).cluster !== undefined;
  } catch {
    return false;
  }
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
