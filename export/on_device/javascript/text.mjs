// Text to ids and ids to text, by the rules that a manifest holds (docs/manifest.md).

/** What keeps a file from being used, and how to mend it. */
export class Seq2SeqError extends Error {
  name = "Seq2SeqError";
}

const SPACE = "▁"; // how SentencePiece writes a space
const TYPE = { normal: "1", control: "3", userDefined: "4", unused: "5", byte: "6" };
const UNKNOWN_PENALTY = 10;
const FAR = 100_000; // a sum of scores from which SentencePiece counts anew
const SPECIAL = 4; // ids of PAD, UNK, BOS and EOS, in every vocabulary

// === Code points ===

const wide = (text, i) => (text.codePointAt(i) > 0xffff ? 2 : 1);

/** The index behind `count` code points from `i` on. */
function behind(text, count, i = 0) {
  for (; count > 0 && i < text.length; count--) i += wide(text, i);
  return i;
}

function size(text) {
  let count = 0;
  for (let i = 0; i < text.length; i += wide(text, i)) count++;
  return count;
}

const isLonger = (text, count) => text.length > count && size(text) > count;

/** The inside of a class of a regular expression, of ranges of code points. */
const inside = (ranges) =>
  ranges.map(([first, last]) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`).join("");

/** Whether a code point is in one of the sorted ranges. */
const within = (ranges) => (code) => {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle][1] < code) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && ranges[low][0] <= code;
};

function utf8(code) {
  if (code < 0x80) return [code];
  const rest = (shift) => 0x80 | ((code >> shift) & 0x3f);
  if (code < 0x800) return [0xc0 | (code >> 6), rest(0)];
  if (code < 0x10000) return [0xe0 | (code >> 12), rest(6), rest(0)];
  return [0xf0 | (code >> 18), rest(12), rest(6), rest(0)];
}

const bytesOf = (text) => Array.from(text, (c) => utf8(c.codePointAt(0))).flat();
const decoded = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

// === Normalization ===

/** What stands before the pieces: blank sources, long ones, one spelling. */
class Normalization {
  constructor(options, tables, { long_text, longest_run, farthest, characters }, known) {
    Object.assign(this, options);
    this.long = long_text;
    this.longestRun = longest_run;
    this.farthest = farthest;
    this.characters = characters;
    const unseen = options.drop_invisible ? [...tables.invisible, ...tables.unseen] : [];
    const greek = inside(tables.greek);
    this.seen = new RegExp(`[^${inside([...tables.white_space, ...unseen])}]`, "u");
    this.invisible = new RegExp(`[${inside(tables.invisible)}]`, "gu");
    this.whiteSpace = new RegExp(`[${inside(tables.white_space)}]`, "u");
    this.whiteSpaces = new RegExp(`[${inside(tables.white_space)}]+`, "gu");
    this.finalSigma = new RegExp(`(?<=[${greek}])Σ(?![${greek}])`, "gu");
    this.small = new Map(tables.lower.map((pair) => pair.map((c) => String.fromCodePoint(c))));
    this.small.set("\u0130", "i\u0307");
    this.isMark = within(tables.marks);
    const isKnown = known && within(known);
    this.isForeign = known && ((code) => !isKnown(code));
  }

  /** The normalized beginning of a source: as much of it as its ids need. */
  begin(text) {
    text = text.replace(/\p{Surrogate}/gu, "\ufffd");
    if (!this.seen.test(text)) return "";
    const { characters, long, farthest } = this;
    const reach = 4 * (characters + long);
    const part = this.#cut(text, reach, this.whiteSpace);
    let read = this.#read(part);
    const isWhole = part.length === text.length || reach + long >= farthest;
    if (!isWhole && size(read) < characters + 2 * long) {
      read = this.#read(text.slice(0, behind(text, farthest)));
    }
    return this.#cut(read, characters, / /);
  }

  #read(text) {
    if (this.drop_invisible) text = text.replace(this.invisible, "");
    if (this.form) {
      text = this.#cap(text, this.isMark).normalize(this.form);
      text = this.#cap(text, this.isMark);
    }
    if (this.lowercase) {
      text = text.replace(this.finalSigma, "ς");
      text = Array.from(text, (c) => this.small.get(c) ?? c).join("");
    }
    if (this.collapse_whitespace) text = text.replace(this.whiteSpaces, " ").replace(/^ | $/g, "");
    return this.isForeign ? this.#cap(text, this.isForeign) : text;
  }

  /** Leaves the beginning of each run of characters of a kind, if the text is long. */
  #cap(text, isOfKind) {
    if (!isLonger(text, this.long)) return text;
    let [kept, run] = ["", 0];
    for (const c of text) {
      run = isOfKind(c.codePointAt(0)) ? run + 1 : 0;
      if (run <= this.longestRun) kept += c;
    }
    return kept;
  }

  /** The text up to the first space at or behind `count`, or so much and a long text more. */
  #cut(text, count, space) {
    if (text.length <= count) return text;
    const from = behind(text, count);
    const to = behind(text, this.long, from);
    const found = text.slice(from, to).search(space);
    return text.slice(0, found < 0 ? to : from + found);
  }
}

// === Pieces ===

const readers = {
  bytes: () => (text) => bytesOf(text).map((byte) => SPECIAL + byte),
  characters: ({ pieces }, unk) => {
    const ids = new Map(pieces.map((piece, i) => [piece, i]).slice(SPECIAL));
    return (text) => Array.from(text, (c) => ids.get(c) ?? unk);
  },
  unigram: (record, unk) => sentencePiece(record, unk, unigram(record, unk)),
  bpe: (record, unk) => sentencePiece(record, unk, bytePairs(record, unk)),
};

/** Strings by their code units. */
class Trie {
  #root = new Map();

  add(piece, id) {
    let node = this.#root;
    for (let i = 0; i < piece.length; i++) {
      const unit = piece.charCodeAt(i);
      if (!node.has(unit)) node.set(unit, new Map());
      node = node.get(unit);
    }
    node.id = id;
  }

  /** Those that the text has at `i`, short ones first: where each ends, and its id. */
  *matches(text, i) {
    let node = this.#root;
    while ((node = node.get(text.charCodeAt(i++)))) if (node.id !== undefined) yield [i, node.id];
  }

  /** Where the longest match ends, or -1. */
  longest(text, i) {
    let end = -1;
    for (const [found] of this.matches(text, i)) end = found;
    return end;
  }
}

function trieOf({ pieces, types }, kinds) {
  const trie = new Trie();
  pieces.forEach((piece, i) => kinds.includes(types[i]) && trie.add(piece, i));
  return trie;
}

function sentencePiece(record, unk, split) {
  const escaped = escaping(record);
  const byteIds = new Map();
  for (const [i, piece] of record.pieces.entries()) {
    if (record.types[i] === TYPE.byte) byteIds.set(parseInt(piece.slice(1, -1), 16), i);
  }
  return (text) => {
    const ids = [];
    let previous;
    for (const [piece, id] of split(escaped(text))) {
      // Unknown characters in a row are one UNK.
      if (id === unk && record.byte_fallback)
        ids.push(...bytesOf(piece).map((b) => byteIds.get(b)));
      else if (id !== unk || previous !== unk) ids.push(id);
      previous = id;
    }
    return ids;
  };
}

/** What SentencePiece makes of a text before it looks for pieces: its own rules, and "▁". */
function escaping(record) {
  const { charsmap, add_dummy_prefix, treat_whitespace_as_suffix: atTheEnd } = record;
  const collapses = record.remove_extra_whitespaces;
  const replaced = charsmap ? replacing(charsmap) : null; // empty where there are no rules
  const userDefined = trieOf(record, [TYPE.userDefined]);
  const space = record.escape_whitespaces ? SPACE : " ";

  /** What stands for the beginning of the text from `i` on, and where the rest begins. */
  function next(text, i) {
    const end = userDefined.longest(text, i);
    if (end > 0) return [text.slice(i, end), end];
    const last = i + wide(text, i);
    return replaced?.(text, i) ?? [text.slice(i, last), last];
  }

  return (text) => {
    let [i, result] = [0, ""];
    while (collapses && i < text.length) {
      const [piece, end] = next(text, i);
      if (piece !== " ") break;
      i = end;
    }
    if (i >= text.length) return "";
    if (collapses || replaced) {
      let afterSpace = collapses;
      while (i < text.length) {
        let [piece, end] = next(text, i);
        if (afterSpace) piece = piece.replace(/^ +/, "");
        if (piece) afterSpace = collapses && piece.endsWith(" ");
        result += piece;
        i = end;
      }
    } else result = text;
    result = result.replaceAll(" ", space);
    if (add_dummy_prefix && !atTheEnd) result = space + result;
    while (collapses && result.endsWith(space)) result = result.slice(0, -space.length);
    return add_dummy_prefix && atTheEnd ? result + space : result;
  };
}

/** The rules of a charsmap: what replaces the longest match at a place, and where that ends. */
function replacing(charsmap) {
  const bytes = Uint8Array.from(atob(charsmap), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const length = bytes.length >= 4 ? view.getUint32(0, true) : bytes.length;
  if (length % 4 || length + 4 > bytes.length || !length) {
    throw new Seq2SeqError("The charsmap of a vocabulary is broken. Export the model again.");
  }
  const units = Array.from({ length: length / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const strings = bytes.subarray(4 + length);
  const offset = (unit) => ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;

  function string(at) {
    const end = strings.indexOf(0, at);
    return decoded(strings.subarray(at, end < 0 ? strings.length : end));
  }

  return (text, i) => {
    let place = offset(units[0]);
    let found = null;
    while (i < text.length) {
      const code = text.codePointAt(i);
      i += code > 0xffff ? 2 : 1;
      let unit = 0;
      for (const byte of utf8(code)) {
        place = (place ^ byte) >>> 0;
        unit = units[place] ?? ~byte;
        if ((unit & 0x800000ff) >>> 0 !== byte) return found;
        place = (place ^ offset(unit)) >>> 0;
      }
      if (unit & 0x100) found = [string(units[place] & 0x7fffffff), i];
    }
    return found;
  };
}

/** The best cut by the sum of the scores, rounded as SentencePiece 0.2.3 rounds. */
function unigram(record, unk) {
  const { pieces, types } = record;
  const trie = trieOf(record, [TYPE.normal, TYPE.userDefined]);
  const scores = Float32Array.from(record.scores);
  const normal = scores.filter((_, i) => types[i] === TYPE.normal);
  const unknown = Math.fround(normal.reduce((a, b) => Math.min(a, b), Infinity) - UNKNOWN_PENALTY);
  for (const [i, piece] of pieces.entries()) {
    if (types[i] === TYPE.userDefined) scores[i] = 0.1 * (bytesOf(piece).length - 1);
  }

  return (text) => {
    const best = new Float32Array(text.length + 1);
    const starts = new Int32Array(text.length + 1).fill(-1);
    const ids = new Int32Array(text.length + 1);
    let last = 0;

    function offer(start, end, id, score) {
      const sum = Math.fround(best[start] + score);
      last = Math.max(last, end);
      if (starts[end] >= 0 && sum <= best[end]) return;
      best[end] = sum;
      starts[end] = start;
      ids[end] = id;
    }

    for (let i = 0; i < text.length;) {
      const sum = best[i];
      if (Math.abs(sum) > FAR) for (let j = i; j <= last; j++) if (starts[j] >= 0) best[j] -= sum;
      const one = i + wide(text, i);
      let isKnown = false;
      for (const [end, id] of trie.matches(text, i)) {
        offer(i, end, id, scores[id]);
        isKnown ||= end === one;
      }
      if (!isKnown) offer(i, one, unk, unknown);
      i = one;
    }
    const found = [];
    for (let end = text.length; end > 0; end = starts[end]) {
      found.push([text.slice(starts[end], end), ids[end]]);
    }
    return found.reverse();
  };
}

/** Joins the pair of the best score, the first of several, until there is none. */
function bytePairs(record, unk) {
  const { pieces, types } = record;
  const scores = Float32Array.from(record.scores);
  const userDefined = trieOf(record, [TYPE.userDefined]);
  const inText = [TYPE.normal, TYPE.userDefined, TYPE.unused];
  const ids = new Map();
  pieces.forEach((piece, i) => inText.includes(types[i]) && ids.set(piece, i));
  const isBefore = (a, b) => a.score > b.score || (a.score === b.score && a.left < b.left);

  return (text) => {
    const symbols = [];
    const agenda = new Agenda(isBefore);
    const halves = new Map(); // of unused pieces, which are only there to be joined further

    function look(left, right) {
      const [a, b] = [symbols[left], symbols[right]];
      if (!a || !b || a.isFixed || b.isFixed) return;
      const piece = a.piece + b.piece;
      const id = ids.get(piece);
      if (id === undefined) return;
      agenda.add({ left, right, score: scores[id], length: piece.length });
      if (types[id] === TYPE.unused) halves.set(piece, [a.piece, b.piece]);
    }

    for (let i = 0; i < text.length;) {
      const fixed = userDefined.longest(text, i);
      const end = fixed > 0 ? fixed : i + wide(text, i);
      const n = symbols.length;
      symbols.push({ piece: text.slice(i, end), isFixed: fixed > 0, before: n - 1, next: n + 1 });
      i = end;
    }
    for (let i = 1; i < symbols.length; i++) look(i - 1, i);
    for (let pair; (pair = agenda.take());) {
      const [a, b] = [symbols[pair.left], symbols[pair.right]];
      if (!a.piece || !b.piece || a.piece.length + b.piece.length !== pair.length) continue;
      a.piece += b.piece;
      b.piece = "";
      a.next = b.next;
      if (symbols[b.next]) symbols[b.next].before = pair.left;
      look(a.before, pair.left);
      look(pair.left, a.next);
    }

    const found = [];
    const emit = (piece) => {
      const id = ids.get(piece) ?? unk;
      if (types[id] !== TYPE.unused) found.push([piece, id]);
      else if (halves.has(piece)) halves.get(piece).forEach(emit);
      else found.push([piece, unk]);
    };
    for (const { piece } of symbols) if (piece) emit(piece);
    return found;
  };
}

/** A heap: gives first what comes before all others. */
class Agenda {
  #items = [];

  constructor(isBefore) {
    this.isBefore = isBefore;
  }

  add(item) {
    const items = this.#items;
    let at = items.length;
    for (let parent; at > 0 && this.isBefore(item, items[(parent = (at - 1) >> 1)]); at = parent) {
      items[at] = items[parent];
    }
    items[at] = item;
  }

  take() {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (!items.length) return first;
    let at = 0;
    for (let child; (child = 2 * at + 1) < items.length; at = child) {
      const right = items[child + 1];
      if (right && this.isBefore(right, items[child])) child++;
      if (!this.isBefore(items[child], last)) break;
      items[at] = items[child];
    }
    items[at] = last;
    return first;
  }
}

// === Ids to text ===

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

/** What each id stands for, in bytes. */
function surfacesOf(record, unk) {
  const { kind, pieces, types } = record;
  const unknown = encoder.encode(record.unknown_surface ?? "\ufffd");
  if (kind === "bytes") {
    const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    return [NOTHING, unknown, NOTHING, NOTHING, ...bytes];
  }
  return pieces.map((piece, i) => {
    if (i === unk) return unknown;
    if (kind === "characters") return i < SPECIAL ? NOTHING : encoder.encode(piece);
    if (types[i] === TYPE.control) return NOTHING;
    if (types[i] === TYPE.byte) return Uint8Array.of(parseInt(piece.slice(1, -1), 16));
    return encoder.encode(piece.replaceAll(SPACE, " "));
  });
}

// === Both ===

/**
 * The tokenizer of one side of a manifest.
 *
 *   const source = new Tokenizer(manifest, "source");
 *   source.encode("사과가 있어요."); // { ids: Int32Array(S), length, isCut }
 *   new Tokenizer(manifest, "target").decode([15, 8, 4]); // "I have an apple."
 */
export class Tokenizer {
  #read;
  #normalization;
  #surfaces;

  constructor(manifest, side) {
    const { vocabulary, normalization, truncation } = manifest[side];
    const record = manifest.vocabularies[vocabulary];
    this.unk = manifest.unk_id;
    this.pad = manifest.pad_id;
    this.eos = manifest.eos_id;
    this.record = record;
    this.limit = manifest.max_source_length;
    this.composes = normalization.form === "NFD";
    this.#surfaces = surfacesOf(record, this.unk);
    if (!truncation) return; // the target's: nothing is read by it
    const known = record.known_characters;
    this.#normalization = new Normalization(normalization, manifest.tables, truncation, known);
    this.#read = readers[record.kind](record, this.unk);
  }

  /** What the model reads of a source: ids, EOS and padding, Int32Array [S]. */
  encode(text) {
    if (typeof text !== "string") {
      const found = text === null ? "null" : typeof text;
      throw new TypeError(`A source is a string, and this is ${found}.`);
    }
    const found = this.#read(this.#normalization.begin(text));
    const kept = found.slice(0, this.limit - 1);
    const ids = new Int32Array(this.limit).fill(this.pad);
    ids.set([...kept, this.eos]);
    return { ids, length: kept.length + 1, isCut: found.length > kept.length };
  }

  /** The text of ids; ids outside of the vocabulary are UNK. */
  decode(ids) {
    const parts = Array.from(ids, (id) => this.#surfaces[id] ?? this.#surfaces[this.unk]);
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    let text = decoded(bytes);
    if (this.record.dummy_space === "start" && text.startsWith(" ")) text = text.slice(1);
    if (this.record.dummy_space === "end" && text.endsWith(" ")) text = text.slice(0, -1);
    return this.composes ? text.normalize("NFC") : text;
  }

  /** The name of an id, such as "▁the" or "<0x41>". */
  token(id) {
    const { kind, pieces } = this.record;
    if (kind !== "bytes") return pieces[id] ?? "<unk>";
    const name = (id - SPECIAL).toString(16).toUpperCase().padStart(2, "0");
    return ["<pad>", "<unk>", "<s>", "</s>"][id] ?? `<0x${name}>`;
  }
}
