import { BusError } from '@arqonbus/protocol';
import type { Clock } from '@arqonbus/protocol';
import type { ResumeClaimRequest } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { KeyValue, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { SeenShields } from '../partitions/seen-shields.ts';
import { parseClient, parseTenant } from '../requests/parse-request.ts';
import { ResumeStore } from './resume-store.ts';
import { SilentShields } from './silent-shields.ts';

/** What the resume module answers from, in one partition. */
export interface ResumeParts {
  readonly spine: Spine;
  readonly partition: number;
  readonly resumes: ResumeStore;
  readonly silentShields: Pick<SilentShields, 'silentForMs'>;
}

/** What is kept of resumes, in `ARQON_RESUMES`. */
export function openResumes(
  bucket: KeyValue,
  shields: SeenShields,
  clock: Clock,
): { readonly resumes: ResumeStore; readonly silentShields: SilentShields } {
  return { resumes: new ResumeStore(bucket), silentShields: new SilentShields(bucket, shields, clock) };
}

/** Serves `resume.claim` of one partition. Whoever took the partition over claims at once: what counts is the bucket. */
export function serveResume(parts: ResumeParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine, partition } = parts;
  const handler = async (request: ResumeClaimRequest) => {
    await claim(parts, request);
    return {};
  };
  return [serveBrain(spine, 'resume.claim', handler, observer, partition)];
}

async function claim({ resumes, silentShields }: ResumeParts, request: ResumeClaimRequest): Promise<void> {
  const [tenant, clientId] = [parseTenant(request.tenant), parseClient(request.clientId)];
  if (!request.isHeld && !isWithinWindow(await silentShields.silentForMs(request.holder), request)) {
    throw new BusError('RESUME_EXPIRED');
  }
  const { generation, isHeld, node } = request;
  await resumes.claim({ tenant, clientId, generation, isHeld, node });
}

/** A Shield that does not answer has lost its clients when it was heard last, as far as anybody can know. */
function isWithinWindow(silentForMs: number | undefined, { windowMs }: ResumeClaimRequest): boolean {
  return silentForMs !== undefined && silentForMs <= Number(windowMs);
}
