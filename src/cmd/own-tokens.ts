import type { Client } from '../client/port.ts';
import { labAccounts } from '../lab/cluster/accounts.ts';
import { createTokenKeeper } from '../lab/cluster/tokens.ts';
import { labPlaces, type LabOptions } from '../lab/options.ts';
import type { LabPaths } from '../lab/paths.ts';
import { systemClock } from '../lib/clock.ts';
import type { Service } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';

export interface OwnTokensOptions {
  readonly client: Client;
  readonly paths: LabPaths;
  readonly options: LabOptions;
  readonly log: Log;
}

/** Renews the tokens by which a process is somebody on a cluster. On the lab's own API server they have no end. */
export function keepOwnTokens(
  role: 'control' | 'agents' | 'dns',
  { client, paths, options, log }: OwnTokensOptions,
): Service {
  const nodes = labPlaces(options).map(({ name }) => name);
  const accounts = labAccounts({ lab: options.name, nodes, hasControllers: false });
  const renewed = accounts.find((account) => account.role === role)?.renews ?? [];
  const keeper = createTokenKeeper({
    client,
    files:
      options.cluster === undefined
        ? []
        : renewed.map((account) => ({ account, path: paths.accountToken(account) })),
    clock: systemClock,
    log,
  });
  void keeper.start();
  return keeper;
}
