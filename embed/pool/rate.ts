// How fast something is used, between two looks. Numbers in one record: there are as many as domains.
export interface Rate {
  at: number;
  fuel: number;
  calls: number;
  /** What is told, until enough time has gone by. */
  fuelPerSecond: number;
  callsPerSecond: number;
}

export interface PerSecond {
  readonly fuel: number;
  readonly calls: number;
}

/** Looks that come at once after another are told the same. */
const SHORTEST = 100; // ms

/** Of something that began at `since` with nothing used. */
export const newRate = (since: number): Rate => ({
  at: since,
  fuel: 0,
  calls: 0,
  fuelPerSecond: 0,
  callsPerSecond: 0,
});

/** `fuel` and `calls` are what was used in all, up to now. */
export function look(rate: Rate, now: number, fuel: number, calls: number): void {
  const seconds = (now - rate.at) / 1000;
  if (seconds * 1000 < SHORTEST) return;
  // Fuel that was charged before and not burnt comes off again.
  rate.fuelPerSecond = Math.max(fuel - rate.fuel, 0) / seconds;
  rate.callsPerSecond = Math.max(calls - rate.calls, 0) / seconds;
  rate.at = now;
  rate.fuel = fuel;
  rate.calls = calls;
}

export const toldOf = ({ fuelPerSecond, callsPerSecond }: Rate): PerSecond => ({
  fuel: fuelPerSecond,
  calls: callsPerSecond,
});
