import type { Member, PresenceChange, PresenceListResult } from '@arqonbus/protocol/spine-messages';

/** What came of a change, or of a new list. */
export interface PresenceNews {
  readonly joins: readonly Member[];
  readonly leaves: readonly Member[];
  readonly updates: readonly Member[];
  /** Users of whom no connection was a member before, and of whom none is any more (PRS-3). */
  readonly usersCame: ReadonlySet<string>;
  readonly usersWent: ReadonlySet<string>;
  readonly total: number;
  readonly isCountsOnly: boolean;
  /** What was known before does not count any more: `joins` are all there are. */
  readonly isReset: boolean;
}

/** Where a list stands: the tenure of the partition's owner, and its last change of the channel. */
type Place = Pick<PresenceListResult, 'tenure' | 'number'>;

/**
 * The members of one channel as the Brain tells them: a list, and numbered changes after it (PRS-5). Who a change names
 * that is known already, or not known, is passed over, so nobody is told twice.
 */
export class PresenceList {
  readonly #members = new Map<string, Member>();
  /** Connections of each user that are members. */
  readonly #users = new Map<string, number>();
  #place: Place = { tenure: '', number: 0n };
  #total = 0;
  #isCountsOnly = false;

  get total(): number {
    return this.#total;
  }

  get isCountsOnly(): boolean {
    return this.#isCountsOnly;
  }

  members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** Everything, for somebody who knows nothing. */
  whole(): PresenceNews {
    const joins = this.#isCountsOnly ? [] : [...this.#members.values()];
    const usersCame = new Set(this.#users.keys());
    return { ...NOBODY, joins, usersCame, total: this.#total, isCountsOnly: this.#isCountsOnly, isReset: true };
  }

  /** True where this is what the list holds. */
  isAt({ tenure, number }: Place): boolean {
    return tenure === this.#place.tenure && number === this.#place.number;
  }

  /** Takes the next change in; `missed`: one before it is not known, so the list must be asked for. */
  apply(change: PresenceChange): PresenceNews | 'missed' | 'known' {
    const { tenure, number, prevNumber } = change;
    if (tenure === this.#place.tenure && number <= this.#place.number) return 'known';
    if (tenure !== this.#place.tenure || prevNumber !== this.#place.number) return 'missed';
    this.#place = { tenure, number };
    const news = change.countsOnly ? this.#countOnly(change.total) : this.#change(change);
    return { ...news, total: change.total };
  }

  /** Takes a list in, and tells what is different; undefined where it is older than what is known. */
  replace(list: PresenceListResult): PresenceNews | undefined {
    const { tenure, number, total } = list;
    if (tenure === this.#place.tenure && number < this.#place.number) return undefined;
    const isReset = this.#isCountsOnly && !list.countsOnly;
    this.#place = { tenure, number };
    if (list.countsOnly) return { ...this.#countOnly(total), total };
    this.#isCountsOnly = false;
    const listed = new Map(list.members.map((member) => [member.clientId, member]));
    const leaves = [...this.#members.keys()].filter((clientId) => !listed.has(clientId));
    const known = list.members.filter(({ clientId }) => this.#members.has(clientId));
    const updates = known.filter((member) => !isSame(member, this.#members.get(member.clientId)));
    return { ...this.#change({ joins: list.members, leaves, updates, total }), isReset };
  }

  #countOnly(total: number): PresenceNews {
    this.#members.clear();
    this.#users.clear();
    this.#total = total;
    this.#isCountsOnly = true;
    return { ...NOBODY, total, isCountsOnly: true, isReset: false };
  }

  #change({
    joins,
    leaves,
    updates,
    total,
  }: Pick<PresenceChange, 'joins' | 'leaves' | 'updates' | 'total'>): PresenceNews {
    this.#total = total;
    const before = new Set(this.#users.keys());
    const joined = joins.filter((member) => this.#add(member));
    const updated = updates.filter((member) => this.#update(member));
    const left = leaves.flatMap((clientId) => this.#remove(clientId));
    const users = (members: readonly Member[]): string[] => members.map(({ user }) => user);
    return {
      joins: joined,
      leaves: left,
      updates: updated,
      usersCame: new Set(users(joined).filter((user) => !before.has(user) && this.#users.has(user))),
      usersWent: new Set(users(left).filter((user) => before.has(user) && !this.#users.has(user))),
      total,
      isCountsOnly: false,
      isReset: false,
    };
  }

  #add(member: Member): boolean {
    if (this.#members.has(member.clientId)) return false;
    this.#members.set(member.clientId, member);
    this.#users.set(member.user, (this.#users.get(member.user) ?? 0) + 1);
    return true;
  }

  #update(member: Member): boolean {
    if (!this.#members.has(member.clientId)) return false;
    this.#members.set(member.clientId, member);
    return true;
  }

  #remove(clientId: string): Member[] {
    const member = this.#members.get(clientId);
    if (member === undefined) return [];
    this.#members.delete(clientId);
    const left = (this.#users.get(member.user) ?? 1) - 1;
    if (left === 0) this.#users.delete(member.user);
    else this.#users.set(member.user, left);
    return [member];
  }
}

const NOBODY = { joins: [], leaves: [], updates: [], usersCame: new Set<string>(), usersWent: new Set<string>() };

function isSame(a: Member, b: Member | undefined): boolean {
  return (
    b !== undefined && a.status === b.status && Buffer.from(a.meta).equals(b.meta) && a.screenName === b.screenName
  );
}
