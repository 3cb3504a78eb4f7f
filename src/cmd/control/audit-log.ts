import { openSync } from 'node:fs';
import type { AuditSink } from '../../apiserver/audit/audit.ts';
import { createLogFile } from '../../lib/log-file.ts';

/** Two files of this size: the labs' directory may be in memory. */
const longestAuditBytes = 8 * 1024 * 1024;

/** Where the API server writes down every request: bounded, for its owner only. */
export function openAuditLog(path: string): AuditSink {
  return createLogFile({ fd: openSync(path, 'a', 0o600), path, limitBytes: longestAuditBytes });
}
