import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const CHUNK_BYTES = 256 * 1024;

/**
 * The whole lines that were added to a file since the last look. Logs go to files, for a service writes them
 * synchronously: a pipe that is read too slowly would hold it up.
 */
export function openLogTail(path: string) {
  const fd = openSync(path, "r");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const decoder = new StringDecoder("utf8");
  let position = 0;
  let rest = "";
  return {
    read(): string[] {
      for (;;) {
        const bytes = readSync(fd, chunk, 0, CHUNK_BYTES, position);
        if (bytes === 0) break;
        position += bytes;
        rest += decoder.write(chunk.subarray(0, bytes));
      }
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      return lines;
    },
    close: () => closeSync(fd),
  };
}

export type LogTail = ReturnType<typeof openLogTail>;
