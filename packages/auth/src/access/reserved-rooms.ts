/** Rooms of the bus itself: an administrator's, or open by a grant that names them (PRT-26). */
export const RESERVED_ROOMS: readonly string[] = ['integriguard', 'omega-lab'];

/** True for a room of {@link RESERVED_ROOMS}. */
export function isReservedRoom(room: string): boolean {
  return room === 'integriguard' || room === 'omega-lab';
}
