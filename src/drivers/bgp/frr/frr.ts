import { readFileSync } from 'node:fs';
import { WeftError } from '../../../lib/errors.ts';
import { openConversation } from '../conversation.ts';
import { createKeptPrograms, installed, type DaemonOptions, type KeptPrograms } from '../kept-programs.ts';
import { createPlaceDaemons, fileOf, type PlacePrograms } from '../place-daemons.ts';
import type { BgpDaemons, BgpPlace, BgpSession, BgpSpeaker, LearnedRoute } from '../port.ts';
import { frrAnswer, frrPaths, frrPrefixes, frrSessions, isAnswered } from './frr-answers.ts';
import { bfddConfig, bgpdConfig, frrText, type FrrConfig } from './frr-config.ts';
import { frrDifference, type FrrOrders } from './frr-difference.ts';

type Daemon = 'zebra' | 'bgpd' | 'bfdd';

/** Its programs give up without CAP_SYS_ADMIN, which they want for network namespaces of their own. */
const capabilities = ['net_admin', 'net_raw', 'net_bind_service', 'sys_admin'];
const families = ['ipv4', 'ipv6'] as const;
/** The speaker that the daemons were told of last. */
const appliedFile = 'applied.json';

/** Where distributions put a program of the package `frr`. Throws `bgp-missing`. */
export function findFrr(daemon: Daemon): string {
  return installed([`/usr/lib/frr/${daemon}`, `/usr/libexec/frr/${daemon}`], 'frr');
}

/** FRR, with a zebra and a bgpd for each place, and a bfdd where a neighbour wants it. */
export function createFrr(options: DaemonOptions): BgpDaemons {
  const programs = createKeptPrograms(options);
  return createPlaceDaemons(programs, new Frr(programs));
}

class Frr implements PlacePrograms {
  readonly implementation = 'frr';
  readonly #programs: KeptPrograms;

  constructor(programs: KeptPrograms) {
    this.#programs = programs;
  }

  async apply(place: BgpPlace, speaker: BgpSpeaker, told: BgpSpeaker | undefined): Promise<void> {
    checkLocalAsns(speaker);
    const before = told ?? this.#appliedBefore(place);
    await this.#configure(place, 'zebra', { before: new Map(), after: new Map() });
    if (speaker.neighbours.some(({ bfd }) => bfd !== undefined)) {
      await this.#configure(place, 'bfdd', {
        before: before && bfddConfig(before),
        after: bfddConfig(speaker),
      });
    }
    await this.#configure(place, 'bgpd', {
      before: before && bgpdConfig(before),
      after: bgpdConfig(speaker),
    });
    this.#programs.write(place, appliedFile, JSON.stringify(speaker));
  }

  async sessions(place: BgpPlace, { neighbours }: BgpSpeaker): Promise<BgpSession[]> {
    const [answer = '{}'] = await this.#tell(place, 'bgpd', ['show bgp neighbors json']);
    return frrSessions(answer, neighbours);
  }

  async learned(place: BgpPlace): Promise<LearnedRoute[]> {
    const tables = await this.#tell(
      place,
      'bgpd',
      families.map((family) => `show bgp ${family} unicast json`),
    );
    const questions = families.flatMap((family, index) =>
      frrPrefixes(tables[index] ?? '{}').map((prefix) => `show bgp ${family} unicast ${prefix} json`),
    );
    return (await this.#tell(place, 'bgpd', questions)).flatMap(frrPaths);
  }

  async end(place: BgpPlace, told: BgpSpeaker | undefined): Promise<void> {
    await this.#sayGoodbye(place, told ?? this.#appliedBefore(place));
    for (const daemon of ['bgpd', 'bfdd', 'zebra'] as const) {
      await this.#programs.end(place, `${daemon}.conf`);
    }
  }

  /** A bgpd that is ended keeps graceful restart in mind, and neighbours would keep its routes. */
  async #sayGoodbye(place: BgpPlace, speaker: BgpSpeaker | undefined): Promise<void> {
    if (speaker === undefined) return;
    const lines = speaker.neighbours.map(({ address }) => `neighbor ${address} shutdown`);
    try {
      await this.#tell(place, 'bgpd', ['configure terminal', `router bgp ${speaker.asn}`, ...lines, 'end']);
    } catch (error) {
      // One that does not answer, or knows other neighbours, cannot say anything better.
      if (!(error instanceof WeftError)) throw error;
    }
  }

  /** What an earlier process told the daemons. */
  #appliedBefore(place: BgpPlace): BgpSpeaker | undefined {
    try {
      return JSON.parse(readFileSync(this.#path(place, appliedFile), 'utf8')) as BgpSpeaker;
    } catch {
      return undefined;
    }
  }

  /** A daemon that starts reads its file; one that runs is told what changed, and starts anew where that fails. */
  async #configure(
    place: BgpPlace,
    daemon: Daemon,
    { before, after }: { readonly before: FrrConfig | undefined; readonly after: FrrConfig },
  ): Promise<void> {
    const program = findFrr(daemon);
    const configFile = `${daemon}.conf`;
    this.#programs.write(place, configFile, frrText(after));
    const start = (): Promise<boolean> =>
      this.#programs.keep(place, {
        configFile,
        program,
        args: this.#args(place, daemon),
        capabilities,
        socket: this.#path(place, `${daemon}.vty`),
      });
    if (await start()) return;
    const orders = before === undefined ? undefined : frrDifference(before, after);
    if (orders !== undefined && (await this.#isTaken(place, daemon, orders))) return;
    await this.#programs.end(place, configFile);
    await start();
  }

  async #isTaken(place: BgpPlace, daemon: Daemon, orders: readonly FrrOrders[]): Promise<boolean> {
    const lines = orders.flatMap(({ path, lines: own }) => ['configure terminal', ...path, ...own, 'end']);
    try {
      await this.#tell(place, daemon, lines);
      return true;
    } catch (error) {
      if (error instanceof WeftError && error.code === 'bgp-refused') return false;
      throw error;
    }
  }

  #args(place: BgpPlace, daemon: Daemon): string[] {
    const file = (name: string): string => this.#path(place, name);
    // Port 0: nobody reaches it by TCP. Routes stay in the kernel when zebra ends.
    const files = ['-f', file(`${daemon}.conf`), '-z', file('zserv.api'), '-i', file(`${daemon}.pid`)];
    const more = daemon === 'zebra' ? ['-r'] : [];
    const user = ['-u', 'root', '-g', 'frrvty'];
    return [
      ...files,
      '--vty_socket',
      file(''),
      '-P',
      '0',
      '--log',
      'stdout',
      '--log-level',
      'errors',
      ...user,
      ...more,
    ];
  }

  /** The answers to commands, in their order; later ones are not told when one is refused. */
  async #tell(place: BgpPlace, daemon: Daemon, commands: readonly string[]): Promise<string[]> {
    const conversation = await openConversation(this.#path(place, `${daemon}.vty`));
    try {
      const answers: string[] = [];
      for (const command of ['enable', ...commands]) {
        answers.push(frrAnswer(command, await conversation.ask(`${command}\0`, isAnswered)));
      }
      return answers.slice(1);
    } finally {
      conversation.close();
    }
  }

  #path(place: BgpPlace, file: string): string {
    return fileOf(this.#programs, place, file);
  }
}

/** FRR has the AS number of the speaker in every internal session. Throws `bgp-invalid` for another one. */
function checkLocalAsns({ asn, neighbours }: BgpSpeaker): void {
  for (const neighbour of neighbours) {
    const { localAsn = asn } = neighbour;
    const isInternal = neighbour.asn === localAsn || neighbour.asn === 'internal';
    if (localAsn === asn || !isInternal) continue;
    throw new WeftError(
      'bgp-invalid',
      `FRR cannot have an internal session of AS ${localAsn} beside its own AS ${asn}`,
      { fault: 'input', hint: 'give all BGPPeers of a node one myASN, or install the package bird2' },
    );
  }
}
