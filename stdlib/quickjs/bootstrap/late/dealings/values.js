// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Late: how the kinds that the adapter leaves to the bootstrap come apart and are put together again.

const toHex = uncurry(raw.toHex);

const MAX_BIG_INT_DIGITS = 8192; // hexadecimal: 4 KiB

function bigIntParts(n) {
  const negative = n < 0n;
  let hex = toHex(negative ? ~n : n, 16);
  if (hex.length % 2 === 1) hex = "0" + hex;
  if (hex.length > MAX_BIG_INT_DIGITS) return undefined;
  const bytes = new Uint8Array_(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = +("0x" + hex[2 * i] + hex[2 * i + 1]);
  return [negative, bytes];
}

function bigIntFrom(buffer, negative) {
  const bytes = new Uint8Array_(buffer);
  const digits = [];
  for (let i = 0; i < bytes.length; i++) append(digits, padStart(numberToString(bytes[i], 16), 2, "0"));
  const n = BigInt_("0x" + join(digits, ""));
  return negative ? ~n : n;
}

/** What an object holds, as plain data for the encoder. */
function parts(kind, v) {
  if (kind === BIG_INT) return bigIntParts(v);
  if (kind === HANDLE) return passed(v);
  if (kind === DATE) return dateValue(v);
  if (kind === REGEXP) return [regExpSource(v), regExpFlags(v)];
  const list = [];
  if (kind === SET) setForEach(v, (value) => append(list, value));
  else
    mapForEach(v, (value, key) => {
      append(list, key);
      append(list, value);
    });
  return list;
}

/** The empty container that content will refer to; undefined for kinds that have none. */
function newValue(kind) {
  if (kind === MAP) return new Map_();
  if (kind === SET) return new Set_();
  return kind === ERROR ? new Error_() : undefined;
}

function fill(kind, content, target) {
  if (kind === MAP) for (let i = 0; i < content.length; i += 2) mapSet(target, content[i], content[i + 1]);
  else if (kind === SET) for (let i = 0; i < content.length; i++) setAdd(target, content[i]);
  else if (kind === ERROR) fillError(target, content[1]);
  else if (kind === REGEXP) return construct(RegExp_, content);
  else if (kind === BIG_INT) return bigIntFrom(content, target === 1);
  else return facadeOf(content);
  return target;
}
