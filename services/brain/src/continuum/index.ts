import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { backfill } from './backfill.ts';
import type { ContinuumParts } from './continuum-parts.ts';
import { listDead, replayDead } from './dead-letters.ts';
import { projectEvent } from './project-event.ts';
import { get, list, status } from './read-episodes.ts';

/** Serves what is asked about episodes, which any Brain answers (CTM-3). That an administrator asks, is for the asker to know. */
export function serveContinuum(
  spine: Spine,
  parts: ContinuumParts,
  observer: RpcObserver,
): readonly SpineSubscription[] {
  return [
    serveBrain(spine, 'continuum.status', (request) => status(request, parts), observer),
    serveBrain(spine, 'continuum.get', (request) => get(request, parts), observer),
    serveBrain(spine, 'continuum.list', (request) => list(request, parts), observer),
    serveBrain(spine, 'continuum.project', (request) => projectEvent(request, parts), observer),
    serveBrain(spine, 'continuum.dead', (request) => listDead(request, parts), observer),
    serveBrain(spine, 'continuum.replay', (request) => replayDead(request, parts), observer),
    serveBrain(spine, 'continuum.backfill', (request, deadlineMs) => backfill(request, parts, deadlineMs), observer),
  ];
}
