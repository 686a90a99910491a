// What a meter is made of, checked: a limit that is no number must not be no limit.
import { type Metered, RESOURCES } from "../../kernel/index.ts";
import type { Rate } from "./bucket.ts";
import type { MeterOptions } from "./meter.ts";

const refuse = (name: unknown, what: string): never => {
  throw Object.assign(new Error(`meter ${String(name)}: ${what}`), { name: "MeterError", code: "E_METER" });
};

const isAmount = (value: unknown): value is number => typeof value === "number" && value >= 0;

function checkNames(name: string, what: string, given: object): void {
  const unknown = Object.keys(given).find((key) => !RESOURCES.includes(key as Metered));
  if (unknown !== undefined)
    refuse(name, `${what} names ${JSON.stringify(unknown)}: there are ${RESOURCES.join(", ")}`);
}

function checkRate(name: string, resource: string, rate: unknown): number | Rate {
  const { perSecond, burst, resume } =
    typeof rate === "object" && rate !== null ? (rate as Rate) : ({ perSecond: rate } as Partial<Rate>);
  if (!isAmount(perSecond) || perSecond === Infinity)
    refuse(name, `rates.${resource} must be units a second, 0 or more`);
  if (burst !== undefined && !isAmount(burst)) refuse(name, `rates.${resource}.burst must be a number of 0 or more`);
  if (resume !== undefined && !(isAmount(resume) && resume <= (burst ?? (perSecond as number))))
    refuse(name, `rates.${resource}.resume must be a number from 0 to the burst`);
  return { perSecond: perSecond as number, burst, resume };
}

/** A copy that was checked. Throws E_METER. */
export function checkOptions(given: MeterOptions): MeterOptions {
  const { name, limits = {}, rates = {}, share = 1, time } = given;
  if (typeof name !== "string" || name === "") refuse(name, "it needs a name");
  checkNames(name, "limits", limits);
  checkNames(name, "rates", rates);
  for (const [resource, most] of Object.entries(limits))
    if (!isAmount(most)) refuse(name, `limits.${resource} must be a number of 0 or more, not ${String(most)}`);
  if (!(share > 0 && share < Infinity)) refuse(name, "share must be a number above 0");
  const checked = Object.entries(rates).map(([resource, rate]) => [resource, checkRate(name, resource, rate)]);
  return Object.freeze({ name, limits: { ...limits }, rates: Object.fromEntries(checked), share, time });
}
