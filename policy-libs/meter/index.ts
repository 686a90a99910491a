// Meters: re-exports only.
export { type Account, account, chargesTo } from "./account.ts";
export type { Bill, BillLine, Prices } from "./bill.ts";
export type { Rate as MeterRate } from "./bucket.ts";
export { type Amounts, type Meter, type MeterOptions, meter, meterOf, meterUnder } from "./meter.ts";
export { hostTime, type Time } from "./time.ts";
