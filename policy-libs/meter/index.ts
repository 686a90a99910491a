// Meters: re-exports only.
export { type Account, account, chargesTo } from "./account.ts";
export type { Bill, BillLine, Prices } from "./bill.ts";
export type { Rate as MeterRate } from "./bucket.ts";
export { fairQueue } from "./fair.ts";
export { type Meter, meter, meterOf, meterUnder } from "./meter.ts";
export type { Amounts, MeterOptions, Priority } from "./options.ts";
export { type Metered, RESOURCES } from "./resources.ts";
export { hostTime, type Time } from "./time.ts";
