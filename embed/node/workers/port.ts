// A channel over a port of a thread.
import type { MessagePort } from "node:worker_threads";
import type { Channel } from "../../remote/channel.ts";

/** What no sender of ours posts is an empty frame: none at all. */
const bytesOf = (message: unknown): Uint8Array => (message instanceof Uint8Array ? message : new Uint8Array(0));

export function portChannel(port: MessagePort): Channel {
  return {
    post: (frame) => port.postMessage(frame, frame.buffer instanceof ArrayBuffer ? [frame.buffer] : []),
    listen(onFrame, onClose) {
      port.on("message", (message: unknown) => onFrame(bytesOf(message)));
      port.on("messageerror", () => onFrame(new Uint8Array(0)));
      port.on("close", onClose);
    },
    close: () => port.close(),
    hold: (isWanted) => (isWanted ? port.ref() : port.unref()),
  };
}
