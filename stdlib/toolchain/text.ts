// UTF-8 of the host, declared here because the toolchain runs in browsers and in Node alike and names neither's types.
declare const TextDecoder: new (label: string) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const decoder = new TextDecoder("utf-8");
const encoder = new TextEncoder();

export const utf8 = (bytes: Uint8Array): string => decoder.decode(bytes);
export const toUtf8 = (text: string): Uint8Array => encoder.encode(text);
