import { describe, expect, test } from 'vitest';
import { immediateAlerts } from './immediate-alerts.ts';
import { burning, objectiveNames } from './objectives.ts';
import { checkRules, shippedAlerts, simulate } from './promtool.ts';
import type { Simulation } from './promtool.ts';
import type { Phase } from './series.ts';

/** By docs/slo.md: the burn rate over the long window, and how long an alert waits. */
const burns = [
  { speed: 'Fast', burnRate: 14.4, longMinutes: 60, shortMinutes: 5, forMinutes: 2, everyMinutes: 1 },
  { speed: 'Steadily', burnRate: 6, longMinutes: 360, shortMinutes: 30, forMinutes: 5, everyMinutes: 5 },
  { speed: 'Slowly', burnRate: 1, longMinutes: 4_320, shortMinutes: 360, forMinutes: 60, everyMinutes: 20 },
];
const alertsOf = (speed: string): readonly string[] =>
  objectiveNames.map((name) => `Arqonbus${name}BudgetBurns${speed}`).toSorted();

test('[TEL-2] Prometheus takes the shipped rules, and each of their alerts is tried below', () => {
  expect(checkRules()).toContain('SUCCESS');
  const tried = [...burns.flatMap(({ speed }) => alertsOf(speed)), ...Object.keys(immediateAlerts)];
  expect(tried.toSorted()).toEqual(shippedAlerts.toSorted());
});

// Three days take promtool a while where the machine is busy.
describe.each(burns)('budgets that burn $speed', { timeout: 45_000 }, (burn) => {
  const { speed, burnRate, longMinutes, shortMinutes, forMinutes, everyMinutes } = burn;
  const alerts = alertsOf(speed);
  const during = (phases: readonly Phase[], firing: Simulation['firing']): Simulation => ({
    everyMinutes,
    series: burning(phases, everyMinutes),
    firing,
  });

  test('[TEL-2] fire for every objective at a little more than their rate, and end soon after it does', () => {
    const badMinutes = longMinutes + forMinutes;
    const overMinute = badMinutes + shortMinutes + 3 * everyMinutes;
    const phases: readonly Phase[] = [
      [1.2 * burnRate, badMinutes],
      [0, 2 * shortMinutes],
    ];
    expect(simulate(alerts, [during(phases, { [badMinutes]: alerts, [overMinute]: [] })])).toContain('SUCCESS');
  });

  test('[TEL-2] stay silent at a little less, and for a burst that costs little', () => {
    const lessMinutes = longMinutes + 2 * forMinutes;
    const burstMinutes = longMinutes / 6;
    const burst: readonly Phase[] = [
      [0, longMinutes],
      [3 * burnRate, burstMinutes],
    ];
    const simulations = [
      during([[0.8 * burnRate, lessMinutes]], { [lessMinutes]: [] }),
      during(burst, { [longMinutes + burstMinutes]: [] }),
    ];
    expect(simulate(alerts, simulations)).toContain('SUCCESS');
  });
});

test.each(Object.entries(immediateAlerts))(
  '[TEL-2] %s fires when it should, and only then',
  (alert, { minutes, fires, silent }) => {
    const simulations = [
      ...fires.map((series): Simulation => ({ series, firing: { [minutes]: [alert] } })),
      ...silent.map((series): Simulation => ({ series, firing: { [minutes]: [] } })),
    ];
    expect(simulate([alert], simulations)).toContain('SUCCESS');
  },
);
