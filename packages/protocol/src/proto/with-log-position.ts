import { field } from '../envelope-fields.ts';
import { ProtoWriter } from './proto-writer.ts';

const writer = new ProtoWriter();

/**
 * Gives an encoded envelope its position in a log, in fresh bytes and without decoding it: fields appended to a Protobuf
 * message count over earlier ones (LOG-3). `seq` and `prevSeq` are integers from 0 to 2^53-1.
 */
export function withLogPosition(bytes: Uint8Array, seq: number, prevSeq: number, epoch: string): Uint8Array {
  writer.append(bytes);
  writer.countField(field.seq, seq);
  writer.countField(field.prevSeq, prevSeq);
  writer.textField(field.epoch, epoch);
  return writer.take();
}
