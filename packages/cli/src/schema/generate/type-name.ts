/** The name of the type for a schema: `chat.message.v1` is `ChatMessageV1`. */
export function typeNameOf(schemaId: string): string {
  const words = schemaId.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const name = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('');
  return /^[0-9]/.test(name) ? `Schema${name}` : name;
}
