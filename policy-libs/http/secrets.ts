// Where secrets are put into a request, and taken out of its answer: at the boundary, out of the guest's sight.
import { checkValue, type Header } from "./headers.ts";
import { bytesOf, type HttpRequest } from "./request.ts";

/** Bytes of a stream, scrubbed as they come. */
export interface Scrub {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/** What http needs of secrets; the secrets capability has it. */
export interface HttpSecrets {
  /** The text with values in place of placeholders, as far as this host may know them; else it refuses. */
  reveal(text: string, host: string): string;
  /** The text of an answer with placeholders in place of values. */
  scrub?(text: string): string;
  /** The same for a body. */
  scrubStream?(): Scrub;
}

export interface Sendable {
  readonly headers: readonly Header[];
  readonly body: Uint8Array | undefined;
}

export interface Boundary {
  /** The request as it goes to its host. The redirect of an answer starts from the request as the guest made it. */
  reveal(request: HttpRequest): Sendable;
  scrubHeaders(headers: readonly Header[]): readonly Header[];
  scrubText(text: string): string;
  scrubBody(): Scrub | undefined;
}

/** `inBody`: in bodies that are text, too. */
export function newBoundary(secrets: HttpSecrets | undefined, inBody: boolean): Boundary {
  const scrubText = (text: string): string => secrets?.scrub?.(text) ?? text;
  return {
    reveal({ url, headers, body }) {
      const reveal = (text: string): string => secrets?.reveal(text, url.hostname) ?? text;
      const text = typeof body === "string" && inBody ? reveal(body) : body;
      return {
        headers: headers.map(([name, value]) => [name, checkValue(name, reveal(value))] as const),
        body: typeof text === "string" || text instanceof Uint8Array ? bytesOf(text) : undefined,
      };
    },
    scrubHeaders: (headers) => headers.map(([name, value]) => [name, scrubText(value)] as const),
    scrubText,
    scrubBody: () => secrets?.scrubStream?.(),
  };
}
