/** Something that runs between `start` and `stop`. Constructors do nothing; both calls are idempotent. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}
