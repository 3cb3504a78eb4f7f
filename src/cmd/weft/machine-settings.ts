import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatResolvConf } from '../../model/dns/resolv-conf.ts';

/** Works with a file that names these servers, mode 0600, which goes afterwards. */
export async function withResolvConf<T>(
  nameservers: readonly string[],
  work: (file: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-exec-'));
  try {
    const file = join(directory, 'resolv.conf');
    writeFileSync(file, formatResolvConf({ nameservers, searches: [], options: [] }), { mode: 0o600 });
    return await work(file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
