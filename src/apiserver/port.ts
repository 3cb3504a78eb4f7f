import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Admission } from './admission/port.ts';
import type { Catalog } from './catalog/port.ts';
import type { AskPolicies } from './policies/port.ts';
import type { ServiceAccountTokens } from './identity/service-account-tokens.ts';
import type { User } from './identity/user.ts';
import type { PodStreams } from './streaming/port.ts';
import type { Store } from './store/port.ts';

/** What every verb works with. */
export interface Api {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly admission: Admission;
  readonly catalog: Catalog;
  /** Policies have their say about a write of a client; absent where the server itself writes. */
  readonly askPolicies?: AskPolicies;
  readonly accounts: ServiceAccountTokens;
  /** Who asks; absent where the server does something by itself. */
  readonly user?: User;
  /** The way into pods, where there is one. */
  readonly streams?: PodStreams;
}
