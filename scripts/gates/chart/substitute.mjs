/** Puts what stands for each word of the map in its place, in one go: the longest word wins, and nothing is replaced twice. */
export function substitute(words) {
  const longestFirst = [...words.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escaped).join('|'), 'g');
  return (text) => (longestFirst.length === 0 ? text : text.replaceAll(pattern, (word) => words.get(word)));
}

function escaped(word) {
  return word.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}
