import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startLocalServer, type LocalServer } from '../../src/apiserver/testing/local-server.ts';

const oldestMinor = 27;

/** N of the kubectl 1.N on the PATH; undefined where there is none. */
function kubectlMinor(): number | undefined {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '-o', 'json'], {
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  return Number.parseInt(/"minor": "(\d+)/.exec(stdout)?.[1] ?? '0', 10);
}

/** Whether kubectl asks for autoscalers and addresses in the versions that are served: older ones want others. */
export function kubectlIsRecent(): boolean {
  return (kubectlMinor() ?? 0) >= 33;
}

/** Why tests with the real kubectl are skipped; false when one of 1.27 or newer is on the PATH. */
export function kubectlProblem(): string | false {
  const minor = kubectlMinor();
  if (minor === undefined) return 'kubectl is absent';
  return minor < oldestMinor ? `kubectl 1.${minor} is older than 1.${oldestMinor}` : false;
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kubectl {
  /** Runs kubectl; fails the test when it fails. */
  (...args: string[]): Promise<Result>;
  /** As above, whatever its exit code. */
  attempt(...args: string[]): Promise<Result>;
  readonly env: NodeJS.ProcessEnv;
  readonly server: LocalServer;
  /** Path of a file with this manifest. */
  manifest(name: string, object: object): Promise<string>;
}

/** Runs kubectl to its end, with `input` on its standard input. */
export function runKubectl(
  args: readonly string[],
  { env, input }: { env: NodeJS.ProcessEnv; input?: string },
): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile('kubectl', args, { env, timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

/** kubectl against an API server of its own. */
export async function kubectlOn(t: TestContext): Promise<Kubectl> {
  const server = await startLocalServer();
  t.after(() => server.close());
  const env = { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.directory };
  const attempt = (...args: string[]): Promise<Result> => runKubectl(args, { env });
  const run = async (...args: string[]): Promise<Result> => {
    const result = await attempt(...args);
    assert.equal(result.code, 0, `kubectl ${args.join(' ')}: ${result.stderr}`);
    return result;
  };
  const manifest = async (name: string, object: object): Promise<string> => {
    const path = join(server.directory, `${name}.json`);
    await writeFile(path, JSON.stringify(object));
    return path;
  };
  return Object.assign(run, { attempt, env, server, manifest });
}
