/** Makes objects, each given as the path of its list, its name and what it is. Throws what the API server says where it refuses one. */
export async function createObjects(ask, objects) {
  for (const [path, name, { metadata, ...object }] of objects) {
    const { status, body } = await ask('POST', path, { metadata: { name, ...metadata }, ...object });
    if (status !== 201) throw new Error(`${path}/${name}: ${status} ${body.message}`);
  }
}
