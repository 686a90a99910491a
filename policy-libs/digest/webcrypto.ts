// The host's WebCrypto, as far as it is used here.

export interface Key {
  readonly type: string;
}

interface HmacParams {
  readonly name: "HMAC";
  readonly hash: string;
}

export interface Subtle {
  digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer>;
  importKey(format: "raw", key: Uint8Array, params: HmacParams, extractable: false, uses: string[]): Promise<Key>;
  sign(algorithm: "HMAC", key: Key, data: Uint8Array): Promise<ArrayBuffer>;
  verify(algorithm: "HMAC", key: Key, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
}

interface HostCrypto {
  getRandomValues<T extends Uint8Array>(bytes: T): T;
  /** Absent in a browser's page that is not a secure context. */
  readonly subtle?: Subtle;
}

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const crypto: HostCrypto;

export const hostCrypto = (): HostCrypto => crypto;
