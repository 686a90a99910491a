// Meters: re-exports only.
export { account, type Charged, chargesTo } from "./account.ts";
export type { Bill, BillLine, Prices } from "./bill.ts";
export type { Rate } from "./bucket.ts";
export { type Amounts, type Meter, type MeterOptions, meter, meterOf, meterUnder } from "./meter.ts";
export { hostTime, type Time } from "./time.ts";
