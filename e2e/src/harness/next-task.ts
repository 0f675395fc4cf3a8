import type { Frame, JsonClient } from './json-client.ts';

/** The next `task` frame of this state, and of this task where one is named. */
export function nextTask(client: JsonClient, state: string, taskId?: unknown): Promise<Frame> {
  return client.next(
    ({ type, payload }) =>
      type === 'task' && payload['state'] === state && (taskId === undefined || payload['task_id'] === taskId),
  );
}
