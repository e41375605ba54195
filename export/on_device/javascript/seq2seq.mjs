// Translates with a .tflite file of keras_seq2seq: in pages, in workers and in Node.

import { checkFile, checkSignatures, readManifest } from "./manifest.mjs";
import { checkSeal } from "./seal.mjs";
import { Seq2SeqError, Tokenizer } from "./text.mjs";

export { checkFile, readManifest, Seq2SeqError, Tokenizer };

const NO_HYPOTHESIS = -1e9; // the ranking of what a beam search did not find
const CLOSE = 0.001; // to a score, absolutely and relatively

/**
 * A model that is ready to translate.
 *
 * LiteRT.js says nothing of runs that failed. Here every result is checked, and one that cannot be
 * is a Seq2SeqError; tensors are deleted whatever happens. WebAssembly is asked for always: with
 * WebGPU, which LiteRT.js would choose by itself, loops do not run.
 *
 *   import * as litert from "@litertjs/core";
 *   await litert.loadLiteRt("/wasm/");
 *   const translator = await Translator.load(litert, "/models/ko_en.tflite");
 *   (await translator.translate("사과가 있어요.")).text; // "I have an apple."
 *   for await (const { text } of translator.stream("사과가 있어요.")) show(text);
 *   translator.delete();
 */
export class Translator {
  #litert;
  #model;
  #turn = Promise.resolve(); // of the run that all later ones wait for

  /** Use `open` or `load`. */
  constructor(litert, model, manifest) {
    this.#litert = litert;
    this.#model = model;
    this.manifest = manifest;
    this.source = new Tokenizer(manifest, "source");
    this.target = new Tokenizer(manifest, "target");
  }

  /**
   * Compiles the bytes of a file (Uint8Array), whose manifest is a text or an object.
   *
   * Throws a Seq2SeqError if they do not belong together, or cannot be used. Of a text it notices
   * any change since it was written.
   */
  static async open(litert, bytes, manifest) {
    const checked = readManifest(manifest);
    if (typeof manifest === "string") await checkSeal(manifest);
    await checkFile(bytes, checked);
    let model;
    try {
      model = await litert.loadAndCompile(bytes, { accelerator: "wasm" });
    } catch (cause) {
      throw new Seq2SeqError(`LiteRT.js cannot compile the model: ${cause.message}`, { cause });
    }
    try {
      checkSignatures(model, checked);
      return new Translator(litert, model, checked);
    } catch (error) {
      model.delete();
      throw error;
    }
  }

  /** Downloads `url` and `url`.json, and opens them. */
  static async load(litert, url, options = {}) {
    const [file, manifest] = await Promise.all(
      [url, `${url}.json`].map(async (one) => {
        const reply = await fetch(one, options);
        if (reply.ok) return reply;
        throw new Seq2SeqError(`${one} was not found (HTTP ${reply.status}).`);
      }),
    );
    const bytes = new Uint8Array(await file.arrayBuffer());
    return Translator.open(litert, bytes, await manifest.text());
  }

  /** Whether the file has a signature: "translate", "encode", "decode_step", "beam", "score". */
  has(name) {
    return Object.hasOwn(this.manifest.signatures, name);
  }

  /**
   * The translation of a text: { text, ids, score, source }.
   *
   * `ids` are those of the translation, without EOS; `score` is the natural logarithm of its
   * probability; `source` has the `ids` that were read, EOS included, and `isCut`, whether the text
   * goes on behind them.
   */
  async translate(text) {
    const source = this.#read(text);
    const found = await this.run("translate", { ids: source.padded });
    const { max_target_length: longest } = this.manifest;
    const [length] = this.#within(found.length, 0, longest, "length");
    const ids = this.#targetIds(found.ids.subarray(0, length));
    const [score] = this.#numbers(found.score, "score");
    return { text: this.target.decode(ids), ids, score, source: source.said };
  }

  /**
   * Translates token by token, the most probable one each time, until EOS.
   *
   * Yields what `translate` gives, of the translation so far, and of the newest token `id`,
   * `tokenScore`, `logProbs` (Float32Array [V]) and `attention` (Float32Array, a weight for each id
   * of the source), if the model has any. The last one has `isFinished`; `id` is EOS there, or
   * undefined if the text was empty or has reached its longest length. Ends when `signal` is
   * aborted, with its reason, or when the loop is left.
   */
  async *stream(text, { signal } = {}) {
    const source = this.#read(text);
    const { max_target_length: longest, bos_id, eos_id } = this.manifest;
    const live = new Set(); // tensors that are to be deleted
    const ids = [];
    let [score, id] = [0, bos_id];
    const said = (more) => {
      // A character whose bytes have not all come yet is not shown.
      const decoded = this.target.decode(ids);
      const shown = more.isFinished ? decoded : decoded.replace(/\ufffd+$/, "");
      return { text: shown, ids: [...ids], score, source: source.said, ...more };
    };
    const part = (tensors, prefix) =>
      Object.fromEntries(Object.entries(tensors).filter(([name]) => name.startsWith(prefix)));
    try {
      const encoded = await this.#run("encode", { ids: source.padded }, {}, live);
      const [isEmpty] = this.#within(this.#take(encoded.finished, live), 0, 1, "finished");
      const memory = part(encoded, "memory_");
      let state = part(encoded, "state_");
      for (let step = 0; step < longest && !isEmpty; step++) {
        signal?.throwIfAborted();
        const given = { ...state, ...memory };
        const found = await this.#run("decode_step", { ids: Int32Array.of(id) }, given, live);
        for (const old of Object.values(state)) this.#drop(old, live);
        state = part(found, "state_");
        [id] = this.#targetIds(this.#take(found.next_ids, live));
        const [tokenScore] = this.#numbers(this.#take(found.score, live), "score");
        const logProbs = this.#numbers(this.#take(found.log_probs, live), "log_probs");
        const weights = found.attention && this.#take(found.attention, live);
        const attention = weights && this.#numbers(weights, "attention");
        score += tokenScore;
        const isFinished = id === eos_id;
        if (!isFinished) ids.push(id);
        const read = attention?.subarray(0, source.said.ids.length);
        yield said({ id, tokenScore, logProbs, attention: read, isFinished });
        if (isFinished) return;
      }
      signal?.throwIfAborted();
      yield said({ isFinished: true });
    } finally {
      for (const tensor of live) tensor.delete();
    }
  }

  /** The translations that beam search found, best first: [{ text, ids, score, ranking }]. */
  async nBest(text) {
    const found = await this.run("beam", { ids: this.#read(text).padded });
    const { max_target_length: longest } = this.manifest;
    const ranking = this.#numbers(found.ranking, "ranking");
    const hypotheses = [];
    for (let n = 0; n < ranking.length; n++) {
      if (ranking[n] <= NO_HYPOTHESIS) continue;
      const [length] = this.#within(found.length.subarray(n, n + 1), 0, longest, "length");
      const ids = this.#targetIds(found.ids.subarray(n * longest, n * longest + length));
      const [score] = this.#numbers(found.score.subarray(n, n + 1), "score");
      hypotheses.push({ text: this.target.decode(ids), ids, score, ranking: ranking[n] });
    }
    return hypotheses;
  }

  /**
   * Translates the golden cases of the manifest: { cases, wrong }.
   *
   * `wrong` has { source, what, expected, found } for everything that is not as it was where the
   * file was written. Other processors may round another way: a few are no cause for alarm.
   */
  async verify() {
    const { golden } = this.manifest;
    const wrong = [];
    for (const expected of golden) {
      const found = await this.translate(expected.source);
      const pairs = {
        source_ids: found.source.ids,
        ids: found.ids,
        length: found.ids.length,
        text: found.text,
      };
      const differs = (what) => JSON.stringify(pairs[what]) !== JSON.stringify(expected[what]);
      const names = Object.keys(pairs).filter(differs);
      const tolerance = CLOSE + CLOSE * Math.abs(expected.score);
      if (!(Math.abs(found.score - expected.score) < tolerance)) names.push("score");
      for (const what of names) {
        const { source } = expected;
        wrong.push({ source, what, expected: expected[what], found: { ...found, ...pairs }[what] });
      }
    }
    return { cases: golden.length, wrong };
  }

  /**
   * Runs a signature as it is, on typed arrays by name; gives typed arrays by name.
   *
   * Any int32 will do as an id. What comes is checked for its kind and shape alone.
   */
  async run(name, arrays) {
    const live = new Set();
    try {
      const found = await this.#run(name, arrays, {}, live);
      const taken = Object.entries(found).map(([key, one]) => [key, this.#take(one, live)]);
      return Object.fromEntries(taken);
    } finally {
      for (const tensor of live) tensor.delete();
    }
  }

  /** Frees the memory of the model, when the run that is on its way has ended. */
  async delete() {
    const model = this.#model;
    this.#model = null;
    await this.#turn;
    model?.delete();
  }

  #read(text) {
    const { ids: padded, length, isCut } = this.source.encode(text);
    return { padded, said: { ids: [...padded.subarray(0, length)], isCut } };
  }

  /** Runs a signature on arrays and tensors, one run at a time; what it gives is `live`. */
  #run(name, arrays, tensors, live) {
    const run = async () => {
      if (!this.#model) throw new Seq2SeqError("The translator was deleted: open the file again.");
      const said = this.manifest.signatures[name];
      if (!said) {
        const known = Object.keys(this.manifest.signatures).join(",");
        throw new Seq2SeqError(
          `The file has no signature ${name}, but ${known}: export it with --signatures.`,
        );
      }
      const made = [];
      try {
        const given = { ...tensors };
        checkArrays(name, arrays, tensors, said.inputs);
        for (const [key, array] of Object.entries(arrays)) {
          made.push((given[key] = new this.#litert.Tensor(array, said.inputs[key].shape)));
        }
        const found = await this.#model.run(name, given);
        for (const tensor of Object.values(found)) live.add(tensor);
        this.#checkTensors(name, found, said.outputs);
        return found;
      } finally {
        for (const tensor of made) tensor.delete();
      }
    };
    const result = this.#turn.then(run);
    this.#turn = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  #checkTensors(name, found, said) {
    for (const [key, { dtype, shape }] of Object.entries(said)) {
      const type = found[key]?.type;
      const is = type ? `${type.dtype} [${[...type.layout.dimensions]}]` : "nothing";
      if (is !== `${dtype} [${shape}]`) {
        throw failed(`${key} of ${name} is ${is}`, `${dtype} [${shape}]`);
      }
    }
  }

  #take(tensor, live) {
    const array = tensor.toTypedArray();
    this.#drop(tensor, live);
    return array;
  }

  #drop(tensor, live) {
    live.delete(tensor);
    tensor.delete();
  }

  #targetIds(ids) {
    return [...this.#within(ids, 0, this.manifest.target_vocabulary_size - 1, "id")];
  }

  #within(integers, lowest, highest, what) {
    const out = integers.find((x) => !Number.isInteger(x) || x < lowest || x > highest);
    if (out !== undefined) throw failed(`a ${what} is ${out}`, `${lowest} to ${highest}`);
    return integers;
  }

  #numbers(floats, what) {
    const out = floats.find((x) => !Number.isFinite(x));
    if (out !== undefined) throw failed(`a ${what} is ${out}`, "a number");
    return floats;
  }
}

/** Throws a Seq2SeqError unless a signature gets what it takes. */
function checkArrays(name, arrays, tensors, said) {
  for (const key of Object.keys(arrays)) {
    if (Object.hasOwn(said, key)) continue;
    const known = Object.keys(said).join(", ");
    throw new Seq2SeqError(`${name} has no input ${key}, but ${known}.`);
  }
  for (const [key, { dtype, shape }] of Object.entries(said)) {
    if (tensors[key]) continue;
    const array = arrays[key];
    const size = shape.reduce((a, b) => a * b, 1);
    const kind = dtype === "int32" ? "Int32Array" : "Float32Array";
    const found = array?.constructor?.name ?? "nothing";
    if (found === kind && array.length === size) continue;
    const came = array?.length === undefined ? found : `${found} of ${array.length}`;
    throw new Seq2SeqError(`${key} of ${name} must be ${kind} of ${size}, and is ${came}.`);
  }
}

const failed = (found, expected) =>
  new Seq2SeqError(
    `The run failed: ${found}, and ${expected} was expected. LiteRT.js has written the cause to ` +
      "the console; open the file again, or export it again.",
  );
