// Translates with a .tflite file of keras_seq2seq, in Swift, by LiteRT's CompiledModel.
//
// NOT RUN ON A PHONE, NOR COMPILED: its authors had neither. It was parsed, and says the same as
// Seq2Seq.kt for Android, whose text part was run and compared. README.md says more.
//
//     // The package of github.com/google-ai-edge/LiteRT (Package.swift, iOS 15), version 2.3.0
//     let file = Bundle.main.url(forResource: "ko_en", withExtension: "tflite")!
//     let translator = try Translator(file: file)  // ko_en.tflite.json lies beside it
//     print(try translator.translate("저는 학생이에요.").text)
//
// Open it off the main thread, once, and keep it. It is for one thread at a time.
import CryptoKit
import Foundation
import LiteRT

/// What keeps a file from being used, or a text from being translated, and what helps.
public struct Seq2SeqError: Error, CustomStringConvertible {
  public let description: String
}

/// The answer to one source: `isCut` if the source was longer than what the model reads.
public struct Translation {
  public let text: String
  public let ids: [Int32]
  public let score: Float
  public let isCut: Bool
}

// MARK: - The manifest; names are those of docs/manifest.md

struct Manifest: Decodable {
  struct Tensor: Decodable {
    let dtype: String
    let shape: [Int]
  }

  struct Signature: Decodable {
    let inputs: [String: Tensor]
    let outputs: [String: Tensor]
  }

  struct Options: Decodable {
    let form: String?
    let lowercase: Bool
    let collapse_whitespace: Bool
    let drop_invisible: Bool
  }

  struct Truncation: Decodable {
    let long_text: Int
    let longest_run: Int
    let farthest: Int
    let characters: Int
  }

  struct Side: Decodable {
    let vocabulary: Int
    let normalization: Options
    let truncation: Truncation?
  }

  struct Tables: Decodable {
    let white_space: [[UInt32]]
    let invisible: [[UInt32]]
    let unseen: [[UInt32]]
    let marks: [[UInt32]]
    let greek: [[UInt32]]
    let lower: [[UInt32]]
  }

  struct Vocabulary: Decodable {
    let kind: String
    let pieces: [String]?
    let scores: [Float]?
    let types: String?
    let add_dummy_prefix: Bool?
    let remove_extra_whitespaces: Bool?
    let treat_whitespace_as_suffix: Bool?
    let escape_whitespaces: Bool?
    let byte_fallback: Bool?
    let charsmap: String?
    let known_characters: [[UInt32]]?
    let unknown_surface: String?
    let dummy_space: String?
  }

  let format: Int
  let sha256: String
  let max_source_length: Int  // S
  let max_target_length: Int  // T
  let pad_id: Int32
  let unk_id: Int32
  let bos_id: Int32
  let eos_id: Int32
  let target_vocabulary_size: Int32  // V
  let signatures: [String: Signature]
  let vocabularies: [Vocabulary]
  let source: Side
  let target: Side
  let tables: Tables

  static func read(_ file: URL) throws -> Manifest {
    struct Format: Decodable {
      let format: Int
    }
    do {
      let content = try Data(contentsOf: file)
      let format = try JSONDecoder().decode(Format.self, from: content).format
      guard format == 3 else {
        throw Seq2SeqError(description: "\(file) has the format \(format), not 3. Export again.")
      }
      return try JSONDecoder().decode(Manifest.self, from: content)
    } catch let error as DecodingError {
      throw Seq2SeqError(description: "\(file) is no manifest: \(error). Export again.")
    }
  }
}

// MARK: - The model

/// A .tflite file and the manifest beside it, checked.
public final class Translator {
  private let manifest: Manifest
  private let source: Tokenizer
  private let target: Tokenizer
  private let model: CompiledModel
  private let translateSignature: SignatureBuffers
  private lazy var encodeSignature = Result { try SignatureBuffers("encode", model, manifest) }
  private lazy var stepSignature = Result { try SignatureBuffers("decode_step", model, manifest) }

  /// Throws a `Seq2SeqError` if the file is not the manifest's, or the manifest of another format.
  public init(file: URL, manifestFile: URL? = nil, threads: Int = 1) throws {
    let beside = URL(fileURLWithPath: file.path + ".json")
    manifest = try Manifest.read(manifestFile ?? beside)
    try Translator.check(file, manifest.sha256)
    source = try Tokenizer(manifest, manifest.source)
    target = try Tokenizer(manifest, manifest.target)
    // Without the cache every signature packs the weights anew. It must not be a file, which
    // LiteRT would take for the cache of another model, too.
    let text = "num_threads = \(threads)\nweight_cache_file_path = \":memory\"\n"
    guard let payload = strdup(text) else { throw Seq2SeqError(description: "Out of memory.") }
    let options = try Options()
    try options.setHardwareAccelerators([.cpu])
    try options.addOpaqueOptions(
      try OpaqueOptions(identifier: "xnnpack", payload: payload, destructor: { free($0) }))
    model = try CompiledModel(
      filePath: file.path, environment: try LiteRT.Environment(), options: options)
    translateSignature = try SignatureBuffers("translate", model, manifest)
  }

  /// Translates a text; the whole answer comes at once.
  public func translate(_ text: String) throws -> Translation {
    let encoded = try source.encode(text)
    try translateSignature.write("ids", encoded.ids)
    try translateSignature.run()
    let length: Int32 = try translateSignature.read("length")[0]
    let score: Float = try translateSignature.read("score")[0]
    guard length >= 0, Int(length) <= manifest.max_target_length else {
      throw Seq2SeqError(
        description: "The model gave a length of \(length), but lengths are 0 to "
          + "\(manifest.max_target_length). The file is damaged, or the runtime wrong.")
    }
    let ids: [Int32] = Array(try translateSignature.read("ids").prefix(Int(length)))
    for id in ids { try check(id, score) }
    return Translation(text: target.decode(ids), ids: ids, score: score, isCut: encoded.isCut)
  }

  /// Translates a text step by step, greedily, and tells all of the text that there is by now.
  /// Stops when `listener` gives false.
  public func stream(_ text: String, listener: (String) -> Bool) throws -> Translation {
    let encode = try encodeSignature.get()
    let step = try stepSignature.get()
    let encoded = try source.encode(text)
    try encode.write("ids", encoded.ids)
    try encode.run()
    var ids: [Int32] = []
    var total: Float = 0
    let finished: Int32 = try encode.read("finished")[0]
    if finished == 0 {
      try step.take(encode)
      var token = manifest.bos_id
      while ids.count < manifest.max_target_length {
        try step.write("ids", [token])
        try step.run()
        token = try step.read("next_ids")[0]
        let score: Float = try step.read("score")[0]
        try check(token, score)
        total += score
        if token == manifest.eos_id { break }
        ids.append(token)
        if !listener(target.decode(ids)) { break }
        try step.take(step)
      }
    }
    return Translation(text: target.decode(ids), ids: ids, score: total, isCut: encoded.isCut)
  }

  private func check(_ id: Int32, _ score: Float) throws {
    if id >= 0, id < manifest.target_vocabulary_size, score.isFinite { return }
    throw Seq2SeqError(
      description: "The model gave the id \(id) with the score \(score), but ids are 0 to "
        + "\(manifest.target_vocabulary_size - 1). The file is damaged, or the runtime wrong.")
  }

  private static func check(_ file: URL, _ sha256: String) throws {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    var hash = SHA256()
    while let block = try handle.read(upToCount: 1 << 16), !block.isEmpty {
      hash.update(data: block)
    }
    let found = hash.finalize().map { String(format: "%02x", $0) }.joined()
    if found == sha256 { return }
    throw Seq2SeqError(
      description: "\(file) has the SHA-256 \(found.prefix(12))..., but its manifest says "
        + "\(sha256.prefix(12)).... Copy both again: they belong together.")
  }
}

/// The buffers of one signature, whose shapes must be those of the manifest.
final class SignatureBuffers {
  private let name: String
  private let model: CompiledModel
  private let index: Int
  private let said: Manifest.Signature
  private let inputs: [TensorBuffer]
  private let outputs: [TensorBuffer]
  private var inputPlaces: [String: Int] = [:]
  private var outputPlaces: [String: Int] = [:]

  init(_ name: String, _ model: CompiledModel, _ manifest: Manifest) throws {
    guard let index = try model.signatureKeys().firstIndex(of: name),
      let said = manifest.signatures[name]
    else {
      throw Seq2SeqError(description: "The file has no signature \(name). Export it again.")
    }
    self.name = name
    self.model = model
    self.index = index
    self.said = said
    inputs = try model.createInputBuffers(signatureIndex: index)
    outputs = try model.createOutputBuffers(signatureIndex: index)
    for place in inputs.indices {
      let key = try model.inputName(inputIndex: place, signatureIndex: index)
      inputPlaces[key] = place
      try compare(key, inputs[place], said.inputs[key])
    }
    for place in outputs.indices {
      let key = try model.outputName(outputIndex: place, signatureIndex: index)
      outputPlaces[key] = place
      try compare(key, outputs[place], said.outputs[key])
    }
  }

  private func compare(_ key: String, _ buffer: TensorBuffer, _ expected: Manifest.Tensor?) throws {
    let count = expected.map { $0.shape.reduce(1, *) }
    let shape = buffer.tensorType?.layout.dimensions
    if let count, buffer.size == 4 * count, shape == nil || shape == expected?.shape { return }
    throw Seq2SeqError(
      description: "\(key) of \(name) is \(shape ?? []) in the file, but \(expected?.shape ?? []) "
        + "in the manifest. Copy both again: they belong together.")
  }

  private func place(_ key: String, _ places: [String: Int]) throws -> Int {
    guard let place = places[key] else {
      throw Seq2SeqError(description: "The signature \(name) has no \(key). Export it again.")
    }
    return place
  }

  func run() throws { try model.run(inputs: inputs, outputs: outputs, signatureIndex: index) }

  func write<T>(_ key: String, _ values: [T]) throws {
    try inputs[place(key, inputPlaces)].write(values)
  }

  func read<T>(_ key: String) throws -> [T] {
    try outputs[place(key, outputPlaces)].read()
  }

  /// Copies what another step gave, memory and states, to the inputs of the same names.
  func take(_ other: SignatureBuffers) throws {
    for (key, place) in inputPlaces {
      guard let given = other.outputPlaces[key] else { continue }
      let values: [UInt32] = try other.outputs[given].read()  // all types have four bytes
      try inputs[place].write(values)
    }
  }
}

// MARK: - Text to ids and back

private typealias Codes = [UInt32]  // code points: Swift's strings count letters, and compare them

private let space: UInt32 = 0x20
private let specialCount = 4  // ids of PAD, UNK, BOS and EOS
private let far: Float = 100_000  // a sum of scores from which SentencePiece counts anew

private func codes(_ text: String) -> Codes { text.unicodeScalars.map { $0.value } }

private func string<S: Sequence>(_ codes: S) -> String where S.Element == UInt32 {
  var scalars = String.UnicodeScalarView()
  for code in codes { scalars.append(Unicode.Scalar(code) ?? "\u{fffd}") }
  return String(scalars)
}

private func utf8<S: Sequence>(_ codes: S) -> [UInt8] where S.Element == UInt32 {
  Array(string(codes).utf8)
}

// What the second byte of UTF-8 is at least and at most behind some first ones.
private let leastSecond: [UInt8: UInt8] = [0xe0: 0xa0, 0xf0: 0x90]
private let mostSecond: [UInt8: UInt8] = [0xed: 0x9f, 0xf4: 0x8f]

/// UTF-8; U+FFFD for each maximal part of a character that is none.
private func decoded(_ bytes: [UInt8]) -> String {
  var found: Codes = []
  var i = 0
  while i < bytes.count {
    let first = bytes[i]
    let rest: Int
    switch first {
    case 0...0x7f: rest = 0
    case 0xc2...0xdf: rest = 1
    case 0xe0...0xef: rest = 2
    case 0xf0...0xf4: rest = 3
    default: rest = -1
    }
    var code = rest < 1 ? UInt32(first) : UInt32(first & (0x3f >> UInt8(rest)))
    var done = 1
    while done <= rest && i + done < bytes.count {
      let byte = bytes[i + done]
      let least = done > 1 ? 0x80 : leastSecond[first] ?? 0x80
      let most = done > 1 ? 0xbf : mostSecond[first] ?? 0xbf
      if byte < least || byte > most { break }
      code = code << 6 | UInt32(byte & 0x3f)
      done += 1
    }
    found.append(rest < 0 || done <= rest ? 0xfffd : code)
    i += done
  }
  return string(found)
}

/// `ids` are S, with EOS and padding; `length` counts EOS.
struct Encoded {
  let ids: [Int32]
  let length: Int
  let isCut: Bool
}

/// The tokenizer of one side of a manifest.
final class Tokenizer {
  private let manifest: Manifest
  private let record: Manifest.Vocabulary
  private let isComposed: Bool
  private let surfaces: [[UInt8]]
  private let normalization: TextNormalization?
  private let pieces: ((Codes) -> [Int32])?

  init(_ manifest: Manifest, _ side: Manifest.Side) throws {
    guard manifest.vocabularies.indices.contains(side.vocabulary) else {
      throw Seq2SeqError(description: "The manifest lacks a vocabulary. Export again.")
    }
    self.manifest = manifest
    record = manifest.vocabularies[side.vocabulary]
    isComposed = side.normalization.form == "NFD"
    surfaces = try Tokenizer.surfaces(record, Int(manifest.unk_id))
    // A target's text is never read.
    normalization = side.truncation.map {
      TextNormalization(side.normalization, $0, manifest.tables, record.known_characters)
    }
    pieces = side.truncation == nil ? nil : try Tokenizer.reader(record, manifest.unk_id)
  }

  /// What the model reads of a source.
  func encode(_ text: String) throws -> Encoded {
    guard let normalization, let pieces else {
      throw Seq2SeqError(description: "A target's tokenizer reads no text.")
    }
    let found = pieces(normalization.begin(codes(text)))
    let kept = found.prefix(manifest.max_source_length - 1)
    let padding = manifest.max_source_length - 1 - kept.count
    let ids = kept + [manifest.eos_id] + Array(repeating: manifest.pad_id, count: padding)
    return Encoded(ids: Array(ids), length: kept.count + 1, isCut: found.count > kept.count)
  }

  /// The text of ids; ids outside of the vocabulary are UNK.
  func decode(_ ids: [Int32]) -> String {
    var bytes: [UInt8] = []
    for id in ids {
      let isKnown = surfaces.indices.contains(Int(id))
      bytes += surfaces[isKnown ? Int(id) : Int(manifest.unk_id)]
    }
    if record.dummy_space == "start", bytes.first == UInt8(space) { bytes.removeFirst() }
    if record.dummy_space == "end", bytes.last == UInt8(space) { bytes.removeLast() }
    let text = decoded(bytes)
    return isComposed ? text.precomposedStringWithCanonicalMapping : text
  }

  private static func surfaces(_ record: Manifest.Vocabulary, _ unk: Int) throws -> [[UInt8]] {
    let unknown = Array((record.unknown_surface ?? "\u{fffd}").utf8)
    if record.kind == "bytes" {
      return (0..<specialCount).map { $0 == unk ? unknown : [] } + (0..<256).map { [UInt8($0)] }
    }
    guard let pieces = record.pieces else {
      throw Seq2SeqError(description: "A vocabulary lacks its pieces. Export again.")
    }
    let types = Array((record.types ?? "").utf8)
    return pieces.enumerated().map { id, piece in
      let plain = id < specialCount ? PieceType.control : PieceType.normal
      let type = types.indices.contains(id) ? types[id] : plain
      if id == unk { return unknown }
      if type == PieceType.control { return [] }
      if type == PieceType.byte { return [UInt8(hexadecimal(piece))] }
      if types.isEmpty { return Array(piece.utf8) }
      return utf8(codes(piece).map { $0 == 0x2581 ? space : $0 })
    }
  }

  private static func reader(
    _ record: Manifest.Vocabulary, _ unk: Int32
  ) throws -> (Codes) -> [Int32] {
    switch record.kind {
    case "bytes":
      return { text in utf8(text).map { Int32(specialCount) + Int32($0) } }
    case "characters":
      var ids: [UInt32: Int32] = [:]
      for (id, piece) in (record.pieces ?? []).enumerated() where id >= specialCount {
        if let code = codes(piece).first { ids[code] = Int32(id) }
      }
      return { [ids] text in text.map { ids[$0] ?? unk } }
    case "unigram", "bpe":
      let pieces = try SentencePiece(record, unk)
      return { pieces.read($0) }
    default:
      throw Seq2SeqError(
        description: "The vocabulary is of the kind \(record.kind), which this client lacks.")
    }
  }
}

/// Digits that `types` of a vocabulary holds.
private enum PieceType {
  static let normal = UInt8(ascii: "1")
  static let control = UInt8(ascii: "3")
  static let userDefined = UInt8(ascii: "4")
  static let unused = UInt8(ascii: "5")
  static let byte = UInt8(ascii: "6")
}

private func hexadecimal(_ piece: String) -> Int {
  Int(piece.dropFirst(3).dropLast(), radix: 16) ?? 0  // <0xE2>
}

/// Sorted ranges of code points.
private struct Ranges {
  let ranges: [[UInt32]]

  func contains(_ code: UInt32) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle][1] < code { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low][0] <= code
  }
}

/// What comes before the pieces: blank sources, long ones, one spelling.
private final class TextNormalization {
  private let options: Manifest.Options
  private let truncation: Manifest.Truncation
  private let whiteSpace: Ranges
  private let invisible: Ranges
  private let unseen: Ranges
  private let marks: Ranges
  private let greek: Ranges
  private let known: Ranges?
  private let small: [UInt32: UInt32]

  init(
    _ options: Manifest.Options, _ truncation: Manifest.Truncation, _ tables: Manifest.Tables,
    _ known: [[UInt32]]?
  ) {
    self.options = options
    self.truncation = truncation
    whiteSpace = Ranges(ranges: tables.white_space)
    invisible = Ranges(ranges: tables.invisible)
    unseen = Ranges(ranges: tables.unseen)
    marks = Ranges(ranges: tables.marks)
    greek = Ranges(ranges: tables.greek)
    self.known = known.map { Ranges(ranges: $0) }
    small = Dictionary(tables.lower.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
  }

  /// The normalized beginning of a source: as much of it as its ids need.
  func begin(_ text: Codes) -> Codes {
    let isSeen = text.contains { code in
      let isHidden = invisible.contains(code) || unseen.contains(code)
      return !whiteSpace.contains(code) && !(options.drop_invisible && isHidden)
    }
    if !isSeen { return [] }
    let long = truncation.long_text
    let reach = 4 * (truncation.characters + long)
    let part = cut(text, reach) { whiteSpace.contains($0) }
    var found = read(part)
    let isWhole = part.count == text.count || reach + long >= truncation.farthest
    if !isWhole && found.count < truncation.characters + 2 * long {
      found = read(Array(text.prefix(truncation.farthest)))
    }
    return cut(found, truncation.characters) { $0 == space }
  }

  private func read(_ text: Codes) -> Codes {
    var text = text
    if options.drop_invisible { text = text.filter { !invisible.contains($0) } }
    if let form = options.form {
      text = cap(text) { marks.contains($0) }
      let whole = string(text)
      switch form {
      case "NFC": text = codes(whole.precomposedStringWithCanonicalMapping)
      case "NFKC": text = codes(whole.precomposedStringWithCompatibilityMapping)
      default: text = codes(whole.decomposedStringWithCanonicalMapping)
      }
      text = cap(text) { marks.contains($0) }
    }
    if options.lowercase { text = lower(text) }
    if options.collapse_whitespace { text = collapse(text) }
    guard let known else { return text }
    return cap(text) { !known.contains($0) }
  }

  /// Leaves the beginning of each run of characters of a kind, if the text is long.
  private func cap(_ text: Codes, _ isOfKind: (UInt32) -> Bool) -> Codes {
    if text.count <= truncation.long_text { return text }
    var run = 0
    return text.filter { code in
      run = isOfKind(code) ? run + 1 : 0
      return run <= truncation.longest_run
    }
  }

  private func lower(_ text: Codes) -> Codes {
    var result: Codes = []
    for (i, code) in text.enumerated() {
      let isBehind = i > 0 && greek.contains(text[i - 1])
      let isLast = i + 1 == text.count || !greek.contains(text[i + 1])
      if code == 0x3a3 && isBehind && isLast {
        result.append(0x3c2)
      } else if code == 0x130 {
        result += [0x69, 0x307]
      } else {
        result.append(small[code] ?? code)
      }
    }
    return result
  }

  private func collapse(_ text: Codes) -> Codes {
    var result: Codes = []
    for code in text {
      if !whiteSpace.contains(code) {
        result.append(code)
      } else if let last = result.last, last != space {
        result.append(space)
      }
    }
    if result.last == space { result.removeLast() }
    return result
  }

  /// The text up to the first space at or behind `count`, or so much and a long text more.
  private func cut(_ text: Codes, _ count: Int, _ isSpace: (UInt32) -> Bool) -> Codes {
    if text.count <= count { return text }
    let most = min(text.count, count + truncation.long_text)
    let end = text[count..<most].firstIndex(where: isSpace) ?? most
    return Array(text[..<end])
  }
}

/// Pieces of SentencePiece, unigram or BPE.
private final class SentencePiece {
  private typealias Found = (piece: Codes, id: Int32)

  private let unk: Int32
  private let names: [Codes]
  private let types: [UInt8]
  private var scores: [Float]
  private let isPairs: Bool
  private let isSpelt: Bool
  private let isCollapsed: Bool
  private let hasDummy: Bool
  private let isSuffix: Bool
  private let mark: UInt32
  private let rules: Charsmap?
  private let userDefined: Pieces
  private let pieces: Pieces
  private var bytes: [UInt8: Int32] = [:]
  private var unknownScore = Float.infinity

  init(_ record: Manifest.Vocabulary, _ unk: Int32) throws {
    guard let pieces = record.pieces, let scores = record.scores, let types = record.types,
      pieces.count == scores.count, pieces.count == types.utf8.count
    else {
      throw Seq2SeqError(description: "A vocabulary lacks scores or types. Export again.")
    }
    self.unk = unk
    self.scores = scores
    names = pieces.map(codes)
    self.types = Array(types.utf8)
    isPairs = record.kind == "bpe"
    isSpelt = record.byte_fallback ?? false
    isCollapsed = record.remove_extra_whitespaces ?? false
    hasDummy = record.add_dummy_prefix ?? false
    isSuffix = record.treat_whitespace_as_suffix ?? false
    mark = record.escape_whitespaces ?? true ? 0x2581 : space
    rules = try record.charsmap.map { try Charsmap($0) }
    userDefined = Pieces(names, self.types, [PieceType.userDefined])
    let joined = [PieceType.normal, PieceType.userDefined] + (isPairs ? [PieceType.unused] : [])
    self.pieces = Pieces(names, self.types, joined)
    for id in names.indices {
      let type = self.types[id]
      if type == PieceType.normal { unknownScore = min(unknownScore, scores[id]) }
      if type == PieceType.byte { bytes[UInt8(hexadecimal(pieces[id]))] = Int32(id) }
      if type == PieceType.userDefined && !isPairs {
        self.scores[id] = Float(0.1 * Double(pieces[id].utf8.count - 1))
      }
    }
    unknownScore -= 10
  }

  func read(_ text: Codes) -> [Int32] {
    var ids: [Int32] = []
    var previous: Int32 = -1
    let written = escaped(text)
    for (piece, id) in isPairs ? bytePairs(written) : unigram(written) {
      if id == unk && isSpelt {
        ids += utf8(piece).map { bytes[$0] ?? unk }
      } else if id != unk || previous != unk {  // unknown ones in a row are one UNK
        ids.append(id)
      }
      previous = id
    }
    return ids
  }

  /// What stands for the beginning of the text from `i` on, and where the rest begins.
  private func next(_ text: Codes, _ i: Int) -> (Codes, Int) {
    if let end = userDefined.longest(text, i) { return (Array(text[i..<end]), end) }
    return rules?.match(text, i) ?? ([text[i]], i + 1)
  }

  private func escaped(_ text: Codes) -> Codes {
    var i = 0
    while isCollapsed && i < text.count {
      let (piece, end) = next(text, i)
      if piece != [space] { break }
      i = end
    }
    if i >= text.count { return [] }
    var result: Codes = []
    var isBehindSpace = isCollapsed
    while i < text.count {
      let (replaced, end) = next(text, i)
      let piece = isBehindSpace ? Array(replaced.drop { $0 == space }) : replaced
      if let last = piece.last { isBehindSpace = isCollapsed && last == space }
      result += piece
      i = end
    }
    result = result.map { $0 == space ? mark : $0 }
    while isCollapsed && result.last == mark { result.removeLast() }
    if !hasDummy { return result }
    return isSuffix ? result + [mark] : [mark] + result
  }

  /// The best cut by the sum of the scores, rounded as SentencePiece 0.2.3 rounds.
  private func unigram(_ text: Codes) -> [Found] {
    var best = [Float](repeating: 0, count: text.count + 1)
    var starts = [Int](repeating: -1, count: text.count + 1)
    var ids = [Int32](repeating: 0, count: text.count + 1)
    var last = 0

    func offer(_ start: Int, _ end: Int, _ id: Int32, _ score: Float) {
      let sum = best[start] + score
      last = max(last, end)
      if starts[end] >= 0 && sum <= best[end] { return }
      best[end] = sum
      starts[end] = start
      ids[end] = id
    }

    for i in text.indices {
      let sum = best[i]
      if abs(sum) > far {
        for j in i...max(i, last) where j == i || starts[j] >= 0 { best[j] -= sum }
      }
      var isKnown = false
      pieces.each(text, i) { end, id in
        offer(i, end, id, scores[Int(id)])
        isKnown = isKnown || end == i + 1
      }
      if !isKnown { offer(i, i + 1, unk, unknownScore) }
    }
    var found: [Found] = []
    var end = text.count
    while end > 0 {
      found.append((Array(text[starts[end]..<end]), ids[end]))
      end = starts[end]
    }
    return found.reversed()
  }

  /// Joins the pair of the best score, the first of several, until there is none.
  private func bytePairs(_ text: Codes) -> [Found] {
    var symbols: [(piece: Codes, isFixed: Bool)] = []
    var halves: [Codes: (Codes, Codes)] = [:]  // of unused pieces
    var i = 0
    while i < text.count {
      let fixed = userDefined.longest(text, i)
      symbols.append((Array(text[i..<(fixed ?? i + 1)]), fixed != nil))
      i = fixed ?? i + 1
    }

    func joint(_ left: Int) -> Float? {
      guard left >= 0, left + 1 < symbols.count else { return nil }
      let (a, b) = (symbols[left], symbols[left + 1])
      guard !a.isFixed, !b.isFixed, let id = pieces.ids[a.piece + b.piece] else { return nil }
      if types[Int(id)] == PieceType.unused { halves[a.piece + b.piece] = (a.piece, b.piece) }
      return scores[Int(id)]
    }

    var joints = symbols.indices.map(joint)
    while true {
      var chosen: Int?
      for (left, score) in joints.enumerated() {
        guard let score else { continue }
        if let now = chosen, let best = joints[now], score <= best { continue }
        chosen = left
      }
      guard let left = chosen else { break }
      symbols[left].piece += symbols[left + 1].piece
      symbols.remove(at: left + 1)
      joints.remove(at: left + 1)
      joints[left] = joint(left)
      if left > 0 { joints[left - 1] = joint(left - 1) }
    }
    var found: [Found] = []

    func emit(_ piece: Codes) {
      let id = pieces.ids[piece] ?? unk
      if types[Int(id)] != PieceType.unused {
        found.append((piece, id))
      } else if let (first, second) = halves[piece] {
        emit(first)
        emit(second)
      } else {
        found.append((piece, unk))
      }
    }

    for symbol in symbols { emit(symbol.piece) }
    return found
  }
}

/// Pieces of some types by their text.
private struct Pieces {
  private(set) var ids: [Codes: Int32] = [:]
  private var most = 0

  init(_ names: [Codes], _ types: [UInt8], _ wanted: [UInt8]) {
    for (id, name) in names.enumerated() where wanted.contains(types[id]) {
      ids[name] = Int32(id)
      most = max(most, name.count)
    }
  }

  /// Tells where each piece that the text has at `i` ends, short ones first, and its id.
  func each(_ text: Codes, _ i: Int, _ tell: (Int, Int32) -> Void) {
    var end = i + 1
    while end <= min(text.count, i + most) {
      if let id = ids[Array(text[i..<end])] { tell(end, id) }
      end += 1
    }
  }

  /// Where the longest one ends.
  func longest(_ text: Codes, _ i: Int) -> Int? {
    var found: Int?
    each(text, i) { end, _ in found = end }
    return found
  }
}

/// SentencePiece's own rules; docs/manifest.md says how they are written.
private struct Charsmap {
  private let content: [UInt8]
  private let count: Int
  private var strings: Int { 4 + 4 * count }

  init(_ base64: String) throws {
    guard let data = Data(base64Encoded: base64), data.count >= 8 else {
      throw Seq2SeqError(description: "The charsmap of a vocabulary is broken. Export again.")
    }
    content = [UInt8](data)
    count = Int(Charsmap.uint32(content, 0)) / 4
    guard count > 0, 4 + 4 * count <= content.count else {
      throw Seq2SeqError(description: "The charsmap of a vocabulary is broken. Export again.")
    }
  }

  /// What replaces the longest match at `start`, and where that ends.
  func match(_ text: Codes, _ start: Int) -> (Codes, Int)? {
    guard let root = unit(0) else { return nil }
    var place = offset(root)
    var found: (Codes, Int)?
    var i = start
    while i < text.count {
      var node: UInt32 = 0
      for byte in utf8([text[i]]) {
        place ^= UInt32(byte)
        guard let next = unit(place), next & 0x8000_00ff == UInt32(byte) else { return found }
        place ^= offset(next)
        node = next
      }
      i += 1
      if node & 0x100 != 0 {
        guard let leaf = unit(place) else { return found }
        found = (replacement(Int(leaf & 0x7fff_ffff)), i)
      }
    }
    return found
  }

  private func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 0x200) >> 6) }

  private func unit(_ place: UInt32) -> UInt32? {
    Int(place) < count ? Charsmap.uint32(content, 4 + 4 * Int(place)) : nil
  }

  private static func uint32(_ content: [UInt8], _ at: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(content[at + $1]) << UInt32(8 * $1) }
  }

  private func replacement(_ at: Int) -> Codes {
    let rest = content[min(content.count, strings + at)...]
    return codes(String(decoding: rest.prefix { $0 != 0 }, as: UTF8.self))
  }
}
