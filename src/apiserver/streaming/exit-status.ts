/** The Status that tells a client how its program ended, as its remote command library reads it. */
export function exitStatus(ended: string): object {
  const code = codeOf(ended);
  if (code === 0) return { metadata: {}, status: 'Success' };
  if (code === undefined) {
    return failure('InternalError', 'the connection to the program was lost', { code: 500 });
  }
  const causes = [{ reason: 'ExitCode', message: String(code) }];
  const message = `command terminated with non-zero exit code: ${code}`;
  return failure('NonZeroExitCode', message, { details: { causes } });
}

function failure(reason: string, message: string, more: object): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, message, ...more };
}

/** Of `{"code":0}`, the last frame of a program; undefined where it never came. */
function codeOf(ended: string): number | undefined {
  try {
    const { code } = JSON.parse(ended) as { code?: unknown };
    return typeof code === 'number' ? code : undefined;
  } catch {
    return undefined;
  }
}
