// A manifest, read and checked before anything relies on it (docs/manifest.md).

import { sha256 } from "./seal.mjs";
import { Seq2SeqError } from "./text.mjs";

const FORMAT = 3;
const KINDS = ["bytes", "characters", "unigram", "bpe"];
const FORMS = ["NFC", "NFKC", "NFD", null];
const LAST = 0x10ffff;

const isCount = (x) => Number.isInteger(x) && x >= 0;
const isText = (x) => typeof x === "string";
const isFlag = (x) => typeof x === "boolean";
const isRecord = (x) => typeof x === "object" && x !== null && !Array.isArray(x);
const isListOf = (is) => (x) => Array.isArray(x) && x.every(is);
const isOneOf = (values) => (x) => values.includes(x);
const isMaybe = (is) => (x) => x === null || x === undefined || is(x);
const isCode = (x) => isCount(x) && x <= LAST;
const isPair = (x) => isListOf(isCode)(x) && x.length === 2;

/** Ranges of code points, in order. */
const isRanges = (x) =>
  isListOf(isPair)(x) && x.flat().every((code, i, codes) => !i || codes[i - 1] <= code);

const OF_MANIFEST = {
  sha256: (x) => isText(x) && /^[0-9a-f]{64}$/.test(x),
  max_source_length: (x) => isCount(x) && x > 0,
  max_target_length: (x) => isCount(x) && x > 0,
  pad_id: isCount,
  unk_id: isCount,
  bos_id: isCount,
  eos_id: isCount,
  source_vocabulary_size: isCount,
  target_vocabulary_size: isCount,
  signatures: isRecord,
  vocabularies: isListOf(isRecord),
  source: isRecord,
  target: isRecord,
  tables: isRecord,
  golden: isListOf(isRecord),
};
const OF_TABLES = {
  white_space: isRanges,
  invisible: isRanges,
  unseen: isRanges,
  marks: isRanges,
  greek: isRanges,
  lower: isListOf(isPair),
};
const OF_NORMALIZATION = {
  form: isOneOf(FORMS),
  lowercase: isFlag,
  collapse_whitespace: isFlag,
  drop_invisible: isFlag,
};
const OF_TRUNCATION = {
  characters: isCount,
  long_text: isCount,
  longest_run: isCount,
  farthest: isCount,
};
const OF_TENSOR = { dtype: isOneOf(["int32", "float32"]), shape: isListOf(isCount) };
const OF_VOCABULARY = { kind: isOneOf(KINDS), known_characters: isMaybe(isRanges) };
const OF_PIECES = { pieces: isListOf(isText) };
const OF_SENTENCEPIECE = {
  scores: isListOf(Number.isFinite),
  types: (x) => isText(x) && /^[1-6]*$/.test(x),
  add_dummy_prefix: isFlag,
  remove_extra_whitespaces: isFlag,
  treat_whitespace_as_suffix: isFlag,
  escape_whitespaces: isFlag,
  byte_fallback: isFlag,
  charsmap: isMaybe(isText),
  unknown_surface: isText,
  dummy_space: isOneOf(["start", "end", ""]),
};

/**
 * The manifest in a text or an object, checked.
 *
 * Throws a Seq2SeqError if it is of another format, or if anything that a client needs is missing.
 */
export function readManifest(content) {
  let manifest = content;
  if (isText(content)) {
    try {
      manifest = JSON.parse(content);
    } catch (error) {
      throw new Seq2SeqError(`The manifest is not JSON (${error.message}). Copy it again.`);
    }
  }
  if (!isRecord(manifest) || ArrayBuffer.isView(manifest)) {
    throw new Seq2SeqError(
      "The manifest is the text of the .tflite.json file beside the model, or what JSON.parse " +
        `makes of it, and this is ${ArrayBuffer.isView(manifest) ? "bytes" : typeof manifest}.`,
    );
  }
  if (manifest.format !== FORMAT) {
    const found = JSON.stringify(manifest.format) ?? "none";
    throw new Seq2SeqError(
      `The manifest is of format ${found}, but ${FORMAT} is expected. Export the model again.`,
    );
  }
  check(manifest, OF_MANIFEST, "");
  check(manifest.tables, OF_TABLES, "tables.");
  for (const side of ["source", "target"]) checkSide(manifest, side);
  check(manifest.source.truncation, OF_TRUNCATION, "source.truncation.");
  checkShapes(manifest);
  return manifest;
}

function checkSide(manifest, side) {
  const { vocabulary, normalization } = manifest[side];
  const record = manifest.vocabularies[vocabulary];
  const size = manifest[`${side}_vocabulary_size`];
  const name = `vocabularies[${vocabulary}]`;
  check(normalization, OF_NORMALIZATION, `${side}.normalization.`);
  check(record, OF_VOCABULARY, `${name}.`);
  if (record.kind === "bytes") return expect(size === 260, `${side}_vocabulary_size`, size);
  check(record, OF_PIECES, `${name}.`);
  expect(record.pieces.length === size, `${name}.pieces`, `${record.pieces.length} pieces`);
  if (record.kind === "characters") return;
  check(record, OF_SENTENCEPIECE, `${name}.`);
  for (const key of ["scores", "types"]) {
    expect(record[key].length === size, `${name}.${key}`, `${record[key].length} of ${size}`);
  }
  if (!record.byte_fallback) return;
  const bytes = record.pieces.filter((_, i) => record.types[i] === "6");
  const all = new Set(bytes.filter((piece) => /^<0x[0-9A-F]{2}>$/.test(piece)));
  expect(all.size === 256, `${name}.pieces`, `${all.size} bytes`);
}

function check(record, rules, name) {
  if (!isRecord(record)) expect(false, name.slice(0, -1), record);
  for (const [key, is] of Object.entries(rules)) expect(is(record[key]), name + key, record[key]);
}

function expect(holds, name, found) {
  if (holds) return;
  const is = found === undefined ? "is missing" : `cannot be ${JSON.stringify(found).slice(0, 60)}`;
  throw new Seq2SeqError(`${name} of the manifest ${is}. Export the model again.`);
}

/** Throws a Seq2SeqError unless the bytes are those of the manifest's file. */
export async function checkFile(bytes, manifest) {
  if (!ArrayBuffer.isView(bytes) && !(bytes instanceof ArrayBuffer)) {
    throw new Seq2SeqError(`The model is the bytes of a .tflite file, not a ${typeof bytes}.`);
  }
  const found = await sha256(bytes);
  if (found === manifest.sha256) return;
  throw new Seq2SeqError(
    `The model is not the file that the manifest was written for, or was damaged: its SHA-256 is ` +
      `${found.slice(0, 12)}…, not ${manifest.sha256.slice(0, 12)}…. Copy both again.`,
  );
}

/** Checks that the signatures are those that clients know, and fit each other. */
function checkShapes(manifest) {
  const { max_source_length: S, max_target_length: T, target_vocabulary_size: V } = manifest;
  const { signatures } = manifest;
  for (const [name, said] of Object.entries(signatures)) {
    for (const side of ["inputs", "outputs"]) {
      const place = `signatures.${name}.${side}`;
      check(said, { [side]: isRecord }, `signatures.${name}.`);
      for (const [key, one] of Object.entries(said[side]))
        check(one, OF_TENSOR, `${place}.${key}.`);
    }
  }
  const ids = { ids: [1, S] };
  const must = {
    translate: [ids, { ids: [1, T], length: [1], score: [1] }],
    encode: [ids, { finished: [1] }],
    decode_step: [{ ids: [1] }, { next_ids: [1], score: [1], log_probs: [1, V] }],
    beam: [ids, { ids: [1, undefined, T] }],
    score: [
      { ...ids, target_ids: [1, T] },
      { score: [1], token_scores: [1, T] },
    ],
  };
  for (const [name, shapes] of Object.entries(must)) {
    if (!signatures[name] && name !== "translate") continue;
    for (const [n, side] of ["inputs", "outputs"].entries()) {
      for (const [key, shape] of Object.entries(shapes[n])) {
        const found = signatures[name]?.[side][key]?.shape;
        const fits =
          found?.length === shape.length && shape.every((x, i) => (x ?? found[i]) === found[i]);
        expect(fits, `signatures.${name}.${side}.${key}.shape`, found);
      }
    }
  }
  const { beam, encode, decode_step: step } = signatures;
  for (const key of beam ? ["length", "score", "ranking"] : []) {
    const found = beam.outputs[key]?.shape;
    expect(
      `${found}` === `1,${beam.outputs.ids.shape[1]}`,
      `signatures.beam.outputs.${key}`,
      found,
    );
  }
  for (const [key, { shape }] of Object.entries(step?.inputs ?? {})) {
    if (key === "ids") continue;
    const goesOn = !key.startsWith("state_") || `${step.outputs[key]?.shape}` === `${shape}`;
    const fits = goesOn && `${encode?.outputs[key]?.shape}` === `${shape}`;
    expect(fits, `signatures.decode_step.inputs.${key}`, shape);
  }
}

/** Throws a Seq2SeqError unless a compiled model takes and gives what its manifest says. */
export function checkSignatures(model, manifest) {
  for (const [name, said] of Object.entries(manifest.signatures)) {
    const runner = Object.hasOwn(model.signatures, name) && model.signatures[name];
    if (!runner) throw wrong(`the signature ${name}`, "missing");
    compare(`inputs of ${name}`, runner.getInputDetails(), said.inputs);
    compare(`outputs of ${name}`, runner.getOutputDetails(), said.outputs);
  }
}

function compare(what, details, said) {
  const found = new Map(
    details.map(({ name, dtype, shape }) => [name, `${dtype} [${[...shape]}]`]),
  );
  for (const [name, { dtype, shape }] of Object.entries(said)) {
    const expected = `${dtype} [${shape}]`;
    if (found.get(name) !== expected)
      throw wrong(`${name} of the ${what}`, found.get(name), expected);
  }
  const count = Object.keys(said).length;
  if (found.size !== count) throw wrong(`the number of ${what}`, found.size, count);
}

const wrong = (what, found, expected = "as the manifest says") =>
  new Seq2SeqError(`In the model, ${what} is ${found}: expected ${expected}. Export it again.`);
