// The model, away from the page: typing goes on while it runs.

import * as litert from "@litertjs/core";
import { Seq2SeqError, Translator } from "../on_device/javascript/seq2seq.mjs";

const ALTERNATIVES = 4; // most probable tokens that are told of each place
const litertAt = new URL(LITERT, self.location).href; // a folder, from the build

let loading; // LiteRT.js, once
let translator = null;
let opening = 0; // the file that was asked for last
let newest = new AbortController(); // of the text that is translated

const say = (kind, said) => self.postMessage({ kind, ...said });
const decimal = (x) => Math.round(x * 1e4) / 1e4;

// Promises alone would let no message in between two steps.
const { port1, port2 } = new MessageChannel();
const waiting = [];
port1.onmessage = () => waiting.shift()();
const messages = () =>
  new Promise((done) => {
    waiting.push(done);
    port2.postMessage(null);
  });

// === Files ===

async function download(url, size, progress = () => {}) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Seq2SeqError(`${url} was not found (HTTP ${reply.status}).`);
  const parts = [];
  let received = 0;
  for (const reader = reply.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.length;
    progress(received, size);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** LiteRT.js, which looks for its WebAssembly beside the worker unless it is told. */
async function load() {
  self.Module = { locateFile: (name) => litertAt + name };
  try {
    return await litert.loadLiteRt(litertAt);
  } catch (cause) {
    loading = undefined; // the next file tries again
    throw new Seq2SeqError(`LiteRT.js could not be loaded: ${words(cause)}`, { cause });
  }
}

async function open({ number, file, bytes, size, manifest, name }) {
  opening = number;
  newest.abort();
  try {
    const progress = (received, total) => say("progress", { number, received, total });
    loading ??= load();
    const [content, description] = await Promise.all([
      bytes ?? download(file, size, progress),
      manifest ?? download(`${file}.json`).then((found) => new TextDecoder().decode(found)),
      loading,
    ]);
    if (opening !== number) return;
    const opened = await Translator.open(litert, content, description);
    if (opening !== number) return void opened.delete();
    await translator?.delete();
    translator = opened;
    const usual = opened.manifest.golden.find(({ length }) => length > 0);
    await opened.translate(usual?.source ?? ""); // the first is slow
    say("opened", { number, name, about: about(content.length) });
  } catch (error) {
    say("refused", { number, name, message: words(error) });
  }
}

function about(size) {
  const { manifest } = translator;
  const known = ["parameters", "max_source_length", "max_target_length", "search", "quantization"];
  return {
    ...Object.fromEntries(known.map((key) => [key, manifest[key]])),
    size,
    made: manifest.keras_seq2seq,
    vocabulary: [manifest.source_vocabulary_size, manifest.target_vocabulary_size],
    signatures: Object.keys(manifest.signatures),
    golden: manifest.golden.length,
    memory: memory(),
  };
}

const memory = () => litert.getGlobalLiteRt().liteRtWasm.HEAPU8.length;
const words = (error) => (error instanceof Error ? error.message : String(error));

// === Texts ===

async function translate({ number, text }) {
  newest.abort();
  const { signal } = (newest = new AbortController());
  const now = translator;
  const began = performance.now();
  const since = () => performance.now() - began;
  const tokens = (side, ids) => ids.map((id) => now[side].token(id));
  try {
    let found;
    let [first, steps] = [null, 0];
    if (now.has("decode_step")) {
      for await (const step of now.stream(text, { signal })) {
        first ??= since();
        found = step;
        if (step.id !== undefined) steps++;
        say("step", { number, ...drawn(now, step, steps === 1) });
        await messages();
        signal.throwIfAborted();
      }
    } else {
      found = await now.translate(text);
      const source = tokens("source", found.source.ids);
      say("step", { number, text: found.text, source, isFinished: true });
    }
    const said = found.text;
    const isGreedy = !Object.keys(now.manifest.search ?? {}).length;
    if (steps && !isGreedy) found = await now.translate(text); // by the search of the file
    const { score, ids, source } = found;
    const facts = { first, total: since(), steps, score, length: ids.length, isCut: source.isCut };
    facts.isOther = found.text !== said;
    facts.unknown = source.ids.filter((id) => id === now.manifest.unk_id).length;
    const isFinished = ids.length < now.manifest.max_target_length;
    say("done", { number, text: found.text, ...facts, isFinished, memory: memory() });
    if (!now.has("beam") || !ids.length) return;
    await messages();
    signal.throwIfAborted();
    const start = performance.now();
    const beams = await now.nBest(text);
    say("beams", { number, beams, milliseconds: performance.now() - start });
  } catch (error) {
    if (!signal.aborted) say("failed", { number, message: words(error) });
  }
}

/** What the page draws of a step: names and probabilities instead of ids and logarithms. */
function drawn(now, { text, id, tokenScore, logProbs, attention, source, isFinished }, isFirst) {
  const said = { text, isFinished };
  if (isFirst) said.source = source.ids.map((one) => now.source.token(one));
  if (id === undefined) return said;
  return {
    ...said,
    token: now.target.token(id),
    probability: decimal(Math.exp(tokenScore)),
    alternatives: likeliest(logProbs).map((one) => [
      now.target.token(one),
      decimal(Math.exp(logProbs[one])),
    ]),
    attention: attention && Array.from(attention, decimal),
  };
}

/** The ids of the highest values, the highest first. */
function likeliest(values) {
  const found = [];
  for (let id = 0; id < values.length; id++) {
    if (found.length === ALTERNATIVES && values[id] <= values[found.at(-1)]) continue;
    const place = found.findIndex((other) => values[id] > values[other]);
    found.splice(place < 0 ? found.length : place, 0, id);
    found.length = Math.min(found.length, ALTERNATIVES);
  }
  return found;
}

async function verify({ number }) {
  try {
    const began = performance.now();
    const found = await translator.verify();
    say("verified", { number, ...found, milliseconds: performance.now() - began });
  } catch (error) {
    say("failed", { number, message: words(error) });
  }
}

const asked = { open, translate, verify };
self.onmessage = ({ data }) => asked[data.ask](data);
