/** Which members hear which topics. A topic exists while it has members. */
export interface TopicMembers<M> {
  add(topic: string, member: M): void;
  remove(topic: string, member: M): void;
  get(topic: string): ReadonlySet<M> | undefined;
}

/** No topics. */
export function createTopicMembers<M>(): TopicMembers<M> {
  const topics = new Map<string, Set<M>>();
  return {
    add: (topic, member) => {
      const members = topics.get(topic);
      if (members === undefined) {
        topics.set(topic, new Set([member]));
      } else {
        members.add(member);
      }
    },
    remove: (topic, member) => {
      const members = topics.get(topic);
      if (members?.delete(member) === true && members.size === 0) {
        topics.delete(topic);
      }
    },
    get: (topic) => topics.get(topic),
  };
}
