/** Rooms of the bus itself: `live`, and closed to all but administrators and grants that name them (PRT-26). */
export const RESERVED_ROOMS: readonly string[] = ['integriguard', 'omega-lab'];

/** True for a room of {@link RESERVED_ROOMS}. */
export function isReservedRoom(room: string): boolean {
  return RESERVED_ROOMS.includes(room);
}
