import { createCommandRoutes } from './command-routes.ts';
import { followEvents } from './follow-events.ts';
import { describeRoutes } from './openapi.ts';
import { createPublishRoutes } from './publish-routes.ts';
import type { PublishOptions } from './publish-routes.ts';
import type { Route } from './route.ts';

/** Everything that can be asked of a Bridge, and the description of it. */
export function createRoutes(options: PublishOptions & { readonly version: string }): readonly Route[] {
  const { spine } = options;
  const events: Route = {
    name: 'follow',
    method: 'GET',
    path: '/v1/rooms/{room}/channels/{channel}/events',
    summary:
      'Server-sent events: what is published to a channel, after `Last-Event-ID` where it is given and there is a log.',
    result: { type: 'string' },
    follow: (request) => followEvents(request, spine),
  };
  const routes = [...createPublishRoutes(options), ...createCommandRoutes(spine), events];
  const description: Route = {
    name: 'openapi',
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This description.',
    isPublic: true,
    result: { type: 'object' },
    run: async () => described,
  };
  const all = [...routes, description];
  const described = describeRoutes(all, options.version);
  return all;
}
