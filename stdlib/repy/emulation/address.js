// Addresses and ports, parsed strictly and once (W20): what is accepted is exactly what the system below connects to.
import { argument, checkString } from "./check.js";

const PART = "(0|[1-9][0-9]{0,2})";
const ADDRESS = new RegExp(`^${PART}\\.${PART}\\.${PART}\\.${PART}$`);

/** Four decimal parts without leading zeros; not 0.x, not 224.x and above, and not 192.168.0.0. */
export function isAddress(text) {
  const parts = ADDRESS.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return false;
  return parts[0] > 0 && parts[0] < 224 && text !== "192.168.0.0";
}

export function checkAddress(alleged, what) {
  checkString(alleged, what);
  if (!isAddress(alleged)) argument(`${what} is not an address`);
}

export const isPort = (value) => Number.isInteger(value) && value >= 1 && value <= 65_535;

export function checkPort(alleged, what) {
  if (!isPort(alleged)) argument(`${what} is not a port from 1 to 65535`);
}

export const isLoopback = (address) => address.startsWith("127.");

/** The two resources that traffic with this address is charged to. */
export const trafficOf = (address) =>
  isLoopback(address) ? { send: "loopsend", receive: "looprecv" } : { send: "netsend", receive: "netrecv" };
