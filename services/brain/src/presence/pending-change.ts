import type { Member } from '@arqonbus/protocol/spine-messages';

/** What happened in a channel since it was last told: the difference alone, so that who came and went is not told. */
export class PendingChange {
  readonly joins: Map<string, Member> = new Map();
  readonly updates: Map<string, Member> = new Map();
  /** Users by client id. */
  readonly leaves: Map<string, string> = new Map();

  joined(member: Member): void {
    const { clientId } = member;
    // Who left and came back within the batch is told as changed, since it may be.
    if (this.leaves.delete(clientId)) this.updates.set(clientId, member);
    else this.joins.set(clientId, member);
  }

  left({ clientId, user }: Member): void {
    this.updates.delete(clientId);
    if (!this.joins.delete(clientId)) this.leaves.set(clientId, user);
  }

  updated(member: Member): void {
    const { clientId } = member;
    if (this.joins.has(clientId)) this.joins.set(clientId, member);
    else this.updates.set(clientId, member);
  }

  isEmpty(): boolean {
    return this.joins.size === 0 && this.updates.size === 0 && this.leaves.size === 0;
  }
}
