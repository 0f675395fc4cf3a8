/** Random bytes of the platform. */
export function fillRandomly(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
