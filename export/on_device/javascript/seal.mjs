// What shows that a manifest, or a file, is not as it was written.

import { Seq2SeqError } from "./text.mjs";

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g; // of text that is JSON

/** The SHA-256 of bytes, in hexadecimal. */
export async function sha256(bytes) {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (x) => x.toString(16).padStart(2, "0")).join("");
}

/** Throws a Seq2SeqError unless the text of a manifest says what it said when it was written. */
export async function checkSeal(text) {
  let sealed;
  try {
    sealed = canonical(text);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Seq2SeqError("The manifest is nested too deeply. Copy it again.", { cause });
  }
  const { seal } = JSON.parse(text);
  if ((await sha256(new TextEncoder().encode(sealed))) === seal) return;
  throw new Seq2SeqError(
    "The manifest was changed since it was written: its seal does not fit. Copy it again, or " +
      "export the model again.",
  );
}

/** JSON without its `seal`: ASCII, keys in order, no spaces, numbers as they stand there. */
function canonical(text) {
  const tokens = text.match(TOKEN);
  let at = 0;
  const list = (end, read) => {
    const found = [];
    while (tokens[at] !== end) {
      found.push(read());
      if (tokens[at] === ",") at++;
    }
    at++;
    return found;
  };
  const member = () => {
    const key = JSON.parse(tokens[at]);
    at += 2; // the colon, too
    return [key, value()];
  };
  const members = (left) => {
    const last = new Map(list("}", member)); // of keys that come twice
    const keys = [...last.keys()].filter((key) => key !== left).sort();
    return `{${keys.map((key) => `${ascii(key)}:${last.get(key)}`).join()}}`;
  };
  const value = (left) => {
    const token = tokens[at++];
    if (token === "{") return members(left);
    if (token === "[") return `[${list("]", value).join()}]`;
    return token[0] === '"' ? ascii(JSON.parse(token)) : token;
  };
  return value("seal");
}

const ascii = (string) =>
  JSON.stringify(string).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
