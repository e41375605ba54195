// The translator over a model that is none: whatever LiteRT.js gives is checked, and given back.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  readManifest,
  Seq2SeqError,
  Translator,
} from "../../../../export/on_device/javascript/seq2seq.mjs";

const [S, T, V, EOS] = [12, 8, 260, 3];
const BYTES = Uint8Array.of(1, 2, 3);
const i32 = (...shape) => ({ dtype: "int32", shape });
const f32 = (...shape) => ({ dtype: "float32", shape });
const SIGNATURES = {
  translate: {
    inputs: { ids: i32(1, S) },
    outputs: { ids: i32(1, T), length: i32(1), score: f32(1) },
  },
  encode: {
    inputs: { ids: i32(1, S) },
    outputs: { finished: i32(1), state_0: f32(1, 1), memory_0: f32(1, S) },
  },
  decode_step: {
    inputs: { ids: i32(1), state_0: f32(1, 1), memory_0: f32(1, S) },
    outputs: {
      next_ids: i32(1),
      score: f32(1),
      log_probs: f32(1, V),
      attention: f32(1, S),
      state_0: f32(1, 1),
    },
  },
  beam: {
    inputs: { ids: i32(1, S) },
    outputs: { ids: i32(1, 3, T), length: i32(1, 3), score: f32(1, 3), ranking: f32(1, 3) },
  },
};

function manifest(changes = {}) {
  const normalization = {
    form: null,
    lowercase: false,
    collapse_whitespace: true,
    drop_invisible: false,
  };
  const truncation = { characters: 4096, long_text: 4096, longest_run: 64, farthest: 131072 };
  return {
    format: 3,
    sha256: createHash("sha256").update(BYTES).digest("hex"),
    max_source_length: S,
    max_target_length: T,
    pad_id: 0,
    unk_id: 1,
    bos_id: 2,
    eos_id: EOS,
    source_vocabulary_size: V,
    target_vocabulary_size: V,
    signatures: SIGNATURES,
    vocabularies: [{ kind: "bytes" }],
    source: { vocabulary: 0, normalization, truncation },
    target: { vocabulary: 0, normalization },
    tables: { white_space: [[32, 32]], invisible: [], unseen: [], marks: [], greek: [], lower: [] },
    golden: [
      {
        source: "ab",
        source_ids: [101, 102, 3],
        ids: [101, 102],
        length: 2,
        score: -2,
        text: "ab",
      },
    ],
    ...changes,
  };
}

/** LiteRT.js over a model that says the source again; `change` makes something else of a result. */
function fake({ change = (_, found) => found, signatures = SIGNATURES } = {}) {
  const litert = { live: 0, running: 0, most: 0, compiled: null, deleted: 0 };

  class Tensor {
    constructor(data, shape, dtype = data instanceof Int32Array ? "int32" : "float32") {
      assert.equal(
        shape.reduce((a, b) => a * b, 1),
        data.length,
      );
      Object.assign(this, {
        data,
        type: { dtype, layout: { dimensions: Int32Array.from(shape) } },
      });
      litert.live++;
    }
    toTypedArray() {
      assert(this.data, "a deleted tensor was read");
      return this.data.slice();
    }
    delete() {
      assert(this.data, "a tensor was deleted twice");
      this.data = null;
      litert.live--;
    }
  }

  const translate = (ids) => {
    const said = [...ids.subarray(0, ids.indexOf(EOS))].slice(0, T);
    return {
      ids: Int32Array.from({ length: T }, (_, i) => said[i] ?? 0),
      length: Int32Array.of(said.length),
      score: Float32Array.of(-said.length),
    };
  };
  const runs = {
    translate: ({ ids }) => translate(ids),
    encode: ({ ids }) => ({
      finished: Int32Array.of(ids[0] === EOS ? 1 : 0),
      state_0: Float32Array.of(0),
      memory_0: Float32Array.from(ids),
    }),
    decode_step: ({ state_0: [at], memory_0 }) => ({
      next_ids: Int32Array.of(memory_0[at]),
      score: Float32Array.of(memory_0[at] === EOS ? 0 : -1),
      log_probs: new Float32Array(V).fill(-1),
      attention: Float32Array.from({ length: S }, (_, i) => (i === at ? 1 : 0)),
      state_0: Float32Array.of(at + 1),
    }),
    beam: ({ ids }) => {
      const one = translate(ids);
      return {
        ids: Int32Array.from([...one.ids, ...one.ids, ...new Int32Array(T).fill(-7)]),
        length: Int32Array.of(...one.length, 1, -9),
        score: Float32Array.of(-1, -2, -1e9),
        ranking: Float32Array.of(-0.5, -0.7, -1e9),
      };
    },
  };
  const details = (said) => Object.entries(said).map(([name, one]) => ({ name, ...one }));
  const model = {
    signatures: Object.fromEntries(
      Object.entries(signatures).map(([name, { inputs, outputs }]) => [
        name,
        { getInputDetails: () => details(inputs), getOutputDetails: () => details(outputs) },
      ]),
    ),
    async run(name, tensors) {
      litert.most = Math.max(litert.most, ++litert.running);
      await new Promise((done) => setTimeout(done));
      litert.running--;
      const names = Object.keys(SIGNATURES[name].inputs).sort();
      assert.deepEqual(Object.keys(tensors).sort(), names);
      const given = Object.entries(tensors).map(([key, { data }]) => [key, data]);
      const found = change(name, runs[name](Object.fromEntries(given)));
      const made = Object.entries(found).map(([key, one]) => [
        key,
        one instanceof Tensor ? one : new Tensor(one, SIGNATURES[name].outputs[key].shape),
      ]);
      return Object.fromEntries(made);
    },
    delete: () => litert.deleted++,
  };
  litert.Tensor = Tensor;
  litert.loadAndCompile = async (bytes, options) => {
    litert.compiled = { bytes, options };
    return model;
  };
  return litert;
}

async function opened(options) {
  const litert = fake(options);
  return [await Translator.open(litert, BYTES, sealed(manifest())), litert];
}

/** The text of a manifest that carries its seal; all keys and texts are ASCII. */
function sealed(facts) {
  const inOrder = (value) => {
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map(inOrder)}]`;
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `"${key}":${inOrder(value[key])}`)}}`;
  };
  const seal = createHash("sha256").update(inOrder(facts)).digest("hex");
  return JSON.stringify({ ...facts, seal }, null, 1);
}

async function all(stream) {
  const found = [];
  for await (const one of stream) found.push(one);
  return found;
}

test("a text is translated, and nothing stays", async () => {
  const [translator, litert] = await opened();
  assert.deepEqual(litert.compiled, { bytes: BYTES, options: { accelerator: "wasm" } });
  const found = await translator.translate(" ab  c ");
  assert.deepEqual(found, {
    text: "ab c",
    ids: [101, 102, 36, 103],
    score: -4,
    source: { ids: [101, 102, 36, 103, 3], isCut: false },
  });
  assert.equal((await translator.translate("abcdefghijklmno")).source.isCut, true);
  assert.equal((await translator.translate("")).text, "");
  assert.equal(litert.live, 0);
});

test("tokens come one by one, and characters whole", async () => {
  const [translator, litert] = await opened();
  const found = await all(translator.stream("a한"));
  assert.deepEqual(
    found.map(({ text }) => text),
    ["a", "a", "a", "a한", "a한"],
  );
  assert.deepEqual(
    found.map(({ isFinished }) => isFinished),
    [false, false, false, false, true],
  );
  const last = found.at(-1);
  const { text, ids, score, source } = await translator.translate("a한");
  assert.deepEqual([last.text, last.ids, last.score, last.source], [text, ids, score, source]);
  assert.deepEqual([...found[1].attention], [0, 1, 0, 0, 0]);
  assert.equal(found[0].logProbs.length, V);
  assert.equal(litert.live, 0);
});

test("a stream ends at the longest length, and at once for nothing", async () => {
  const [translator, litert] = await opened();
  const long = await all(translator.stream("abcdefghij"));
  assert.equal(long.length, T + 1);
  assert.deepEqual([long.at(-1).text, long.at(-1).id], ["abcdefgh", undefined]);
  const nothing = await all(translator.stream("  "));
  assert.deepEqual(
    nothing.map(({ text, isFinished }) => [text, isFinished]),
    [["", true]],
  );
  assert.equal(litert.live, 0);
});

test("a stream that is left or aborted leaves nothing", async () => {
  const [translator, litert] = await opened();
  for await (const { text } of translator.stream("abcd")) if (text === "ab") break;
  assert.equal(litert.live, 0);
  const newer = new AbortController();
  const stream = translator.stream("abcd", { signal: newer.signal });
  await stream.next();
  newer.abort();
  await assert.rejects(stream.next(), { name: "AbortError" });
  assert.equal(litert.live, 0);
  const both = await Promise.all([all(translator.stream("abc")), all(translator.stream("de"))]);
  assert.deepEqual(
    both.map((found) => found.at(-1).text),
    ["abc", "de"],
  );
  assert.equal(litert.live, 0);
});

test("a beam gives what it found, best first", async () => {
  const [translator, litert] = await opened();
  const found = await translator.nBest("ab");
  assert.deepEqual(
    found.map(({ text }) => text),
    ["ab", "a"],
  );
  assert.equal(litert.live, 0);
});

const WRONG = {
  "a length too large": ["translate", (found) => (found.length[0] = 480708)],
  "a length below 0": ["translate", (found) => (found.length[0] = -1)],
  "an id too large": ["translate", (found) => (found.ids[0] = V)],
  "an id below 0": ["translate", (found) => (found.ids[0] = -1)],
  "no score": ["translate", (found) => (found.score[0] = NaN)],
  "no output": ["translate", (found) => delete found.length],
  "a next id too large": ["decode_step", (found) => (found.next_ids[0] = V)],
  "no log-probabilities": ["decode_step", (found) => (found.log_probs[7] = -Infinity)],
  "no attention": ["decode_step", (found) => (found.attention[2] = NaN)],
  "neither empty nor not": ["encode", (found) => (found.finished[0] = 7)],
  "a ranking that is none": ["beam", (found) => (found.ranking[1] = NaN)],
  "a hypothesis too long": ["beam", (found) => (found.length[1] = T + 1)],
};
for (const [what, [of, spoil]] of Object.entries(WRONG)) {
  test(`${what} is refused`, async () => {
    let is = true;
    const change = (name, found) => {
      if (is && name === of) spoil(found);
      return found;
    };
    const [translator, litert] = await opened({ change });
    const asks = {
      translate: () => translator.translate("ab"),
      beam: () => translator.nBest("ab"),
    };
    const ask = asks[of] ?? (() => all(translator.stream("ab")));
    await assert.rejects(ask(), Seq2SeqError);
    assert.equal(litert.live, 0);
    is = false; // one failure is none for ever
    assert.equal((await translator.translate("ab")).text, "ab");
  });
}

test("an output of another shape or kind is refused", async () => {
  for (const make of [
    (T) => new T(Int32Array.of(1, 2), [2]),
    (T) => new T(Float32Array.of(1), [1]),
  ]) {
    const litert = fake({
      change: (_, found) => ({ ...found, length: make(litert.Tensor) }),
    });
    const translator = await Translator.open(litert, BYTES, manifest());
    await assert.rejects(translator.translate("ab"), Seq2SeqError);
    assert.equal(litert.live, 0);
  }
});

test("an error of LiteRT.js goes to the caller", async () => {
  let fails = true;
  const change = (_, found) => {
    if (fails) throw new Error("kLiteRtStatusError");
    return found;
  };
  const [translator, litert] = await opened({ change });
  await assert.rejects(translator.translate("ab"), /kLiteRtStatusError/);
  fails = false;
  assert.equal((await translator.translate("ab")).text, "ab");
  assert.equal(litert.live, 0);
});

test("runs wait for each other, and deleting for them", async () => {
  const [translator, litert] = await opened();
  const texts = Promise.all(["a", "b", "c"].map((text) => translator.translate(text)));
  assert.deepEqual(
    (await texts).map(({ text }) => text),
    ["a", "b", "c"],
  );
  assert.equal(litert.most, 1);
  const last = translator.translate("d");
  await new Promise((done) => setTimeout(done, 0));
  const deleted = translator.delete();
  await last.catch(() => {});
  assert.equal(litert.running, 0);
  await deleted;
  await translator.delete();
  assert.equal(litert.deleted, 1);
  await assert.rejects(translator.translate("e"), /deleted/);
  await assert.rejects(all(translator.stream("e")), /deleted/);
});

test("a file and a manifest that do not fit are refused", async () => {
  const refused = (change, what, options) => {
    const litert = fake(options);
    return assert.rejects(
      Translator.open(litert, change.bytes ?? BYTES, change.manifest ?? manifest(change)),
      (error) => error instanceof Seq2SeqError && what.test(error.message),
    );
  };
  await refused({ bytes: Uint8Array.of(1, 2, 4) }, /SHA-256/);
  await refused({ manifest: "{" }, /not JSON/);
  await refused({ format: 2 }, /format 2, but 3/);
  await refused({ max_target_length: T + 1 }, /translate.outputs.ids/);
  await refused({ vocabularies: [{ kind: "word" }] }, /kind/);
  const other = {
    ...SIGNATURES,
    translate: { ...SIGNATURES.translate, inputs: { ids: i32(1, 9) } },
  };
  await refused({}, /inputs of translate/, { signatures: other });
  const { translate, ...rest } = SIGNATURES;
  await refused({}, /translate is missing/, { signatures: rest });
  const litert = fake({ signatures: other });
  await Translator.open(litert, BYTES, manifest()).catch(() => {});
  assert.equal(litert.deleted, 1);
});

test("what is no text, no model and no manifest is told so", async () => {
  const translator = await Translator.open(fake(), BYTES, manifest());
  for (const text of [undefined, null, 3]) {
    await assert.rejects(translator.translate(text), { name: "TypeError", message: /a string/ });
  }
  const refused = (words) => ({ name: "Seq2SeqError", message: words });
  const open = (...given) => Translator.open(fake(), ...given);
  await assert.rejects(open("ko_en.tflite", manifest()), refused(/not a string/));
  await assert.rejects(open(BYTES), refused(/this is undefined/));
  const bytes = new TextEncoder().encode(JSON.stringify(manifest()));
  await assert.rejects(open(BYTES, bytes), refused(/this is bytes/));
});

test("a manifest that was changed is refused", async () => {
  const text = sealed(manifest());
  await Translator.open(fake(), BYTES, text);
  const deep = "[".repeat(1e5) + "]".repeat(1e5);
  for (const changed of [
    text.replace('"source": "ab"', '"source": "ac"'),
    text.replace('"score": -2', '"score": -3'),
    text.replace(/"seal": ".*"/, '"seal": 7'),
    text.replace(/,\s*"seal": ".*"/, ""),
    text.replace("{", `{"deep": ${deep},`),
  ]) {
    assert.notEqual(changed, text);
    await assert.rejects(Translator.open(fake(), BYTES, changed), Seq2SeqError);
  }
});

test("a signature is run as it is, on what it takes alone", async () => {
  const [translator, litert] = await opened();
  const ids = new Int32Array(S).fill(EOS);
  assert.deepEqual((await translator.run("translate", { ids })).length, Int32Array.of(0));
  for (const given of [
    {},
    { ids: new Int32Array(S + 1) },
    { ids: new Float32Array(S) },
    { ids: 7 },
    { ids, other: ids },
  ]) {
    await assert.rejects(translator.run("translate", given), Seq2SeqError);
  }
  await assert.rejects(translator.run("none", { ids }), /no signature none/);
  assert.equal(litert.live, 0);
});

test("whatever stands in a manifest, it is read or refused", async () => {
  const values = [undefined, null, -1, 1.5, "x", [], {}, [[5, 1]], [[0, 0x110000]], true, 2 ** 40];
  const paths = [];
  const walk = (value, path) => {
    paths.push(path);
    if (path.length > 3 || typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) walk(value[key], [...path, key]);
  };
  walk(manifest(), []);
  let refused = 0;
  for (const path of paths.slice(1)) {
    for (const value of values) {
      const changed = structuredClone(manifest());
      const owner = path.slice(0, -1).reduce((at, key) => at[key], changed);
      owner[path.at(-1)] = value;
      try {
        readManifest(changed);
        await Translator.open(fake(), BYTES, changed);
      } catch (error) {
        assert(error instanceof Seq2SeqError, `${path} = ${JSON.stringify(value)}: ${error.stack}`);
        refused++;
      }
    }
  }
  assert(refused > 300, `${refused}`);
});

test("golden cases are compared", async () => {
  const [translator] = await opened();
  assert.deepEqual(await translator.verify(), { cases: 1, wrong: [] });
  const change = (_, found) => ({ ...found, score: Float32Array.of(-2.1) });
  const [other] = await opened({ change });
  const { wrong } = await other.verify();
  assert.deepEqual(
    wrong.map(({ source, what, expected }) => [source, what, expected]),
    [["ab", "score", -2]],
  );
});
