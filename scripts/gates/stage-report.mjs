/**
 * The table of a run of stages, and whether the run may be called good: something was checked, and nothing failed. A stage that
 * checks nothing yet is never `ok`, and on its own never good.
 * `results` have a `name`, an `outcome` (`ok`, `failed`, `absent`) and the `seconds` that it took.
 * @returns {{ text: string, isGood: boolean }}
 */
export function reportStages(results) {
  const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
  const absent = count('absent') > 0 ? `, ${count('absent')} not there yet` : '';
  const total = `${count('ok')} ok, ${count('failed')} failed${absent}`;
  return {
    text: `${results.map(row).join('\n')}\n${total}\n`,
    isGood: count('failed') === 0 && count('ok') > 0,
  };
}

const words = { ok: 'ok', failed: 'FAILED', absent: 'not there yet' };

function row({ name, outcome, seconds }) {
  return `${words[outcome].padEnd(13)}  ${name.padEnd(13)} ${seconds.toFixed(1).padStart(7)} s`;
}
