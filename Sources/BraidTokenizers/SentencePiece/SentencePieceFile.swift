internal import BraidSupport
internal import Foundation

/// A `.model` of SentencePiece (Kudo and Richardson 2018, arXiv:1808.06226): its pieces, and how it normalises texts.
///
/// Field numbers are those of sentencepiece_model.proto.
struct SentencePieceFile {
    /// What a piece stands for.
    enum Kind: UInt64 {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
        case byte = 6
    }

    /// An entry of the vocabulary; its id is its place.
    struct Piece {
        let bytes: [UInt8]
        let score: Float
        let kind: Kind
    }

    /// The space as pieces write it, U+2581.
    static let space: [UInt8] = [0xE2, 0x96, 0x81]

    let url: URL
    private(set) var pieces: [Piece] = []
    /// Whether it is a unigram model; else byte-pair encoding.
    private(set) var isUnigram = true
    private(set) var unknownID = 0
    /// Whether unknown characters are written as bytes.
    private(set) var fallsBackToBytes = false
    /// The rewriting rules; empty for none.
    private(set) var rules: [UInt8] = []
    /// Whether a space stands in front of every text.
    private(set) var addsSpace = true
    /// Whether spaces at the ends, and all but one in a row, are removed.
    private(set) var removesSpaces = true

    /// Reads the file.
    ///
    /// - Throws: `BraidError` where it is no such file, or of a form that this version does not have.
    init(_ url: URL) throws {
        self.url = url
        let bytes = Array(try InputFile.bytes(of: url, within: .tokenizerBytes))
        var size = VocabularySize(url.path)
        do {
            var reader = ProtobufReader(bytes)
            while let (field, value) = try reader.next() {
                guard case .bytes(let range) = value else { continue }
                switch field {
                case 1:
                    pieces.append(try Self.piece(bytes, range))
                    try size.add(pieces[pieces.count - 1].bytes.count)
                case 2: try readTrainer(bytes, range)
                case 3: try readNormalizer(bytes, range)
                default: break
                }
            }
        } catch let fault as ProtobufReader.Fault {
            throw self.fault("is not a model of SentencePiece: expected \(fault.expected) at byte \(fault.offset)")
        }
        guard pieces.indices.contains(unknownID), pieces.count < Int(Int32.max) else {
            throw fault("is not a model of SentencePiece: it has \(pieces.count) pieces, and unk_id \(unknownID)")
        }
        for (id, piece) in pieces.enumerated() where String(validating: piece.bytes, as: UTF8.self) == nil || piece.bytes.isEmpty {
            throw fault("piece \(id) is empty or not UTF-8")
        }
        if !isUnigram, let id = pieces.firstIndex(where: { $0.kind == .userDefined || $0.kind == .unused }) {
            throw fault("piece \(id) is user-defined or unused: this version has those in unigram models only")
        }
    }

    func fault(_ message: String) -> BraidError { BraidError(.badData, "\(url.path): \(message)") }

    private static func piece(_ bytes: [UInt8], _ range: Range<Int>) throws -> Piece {
        var (text, score, kind) = ([UInt8](), Float(0), Kind.normal)
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let place)): text = Array(bytes[place])
            case (2, .word(let bits)): score = Float(bitPattern: bits)
            case (3, .number(let number)):
                guard let known = Kind(rawValue: number) else {
                    throw ProtobufReader.Fault(expected: "a known type of piece", offset: reader.offset)
                }
                kind = known
            default: break
            }
        }
        guard score.isFinite else { throw ProtobufReader.Fault(expected: "a finite score", offset: reader.offset) }
        return Piece(bytes: text, score: score, kind: kind)
    }

    private mutating func readTrainer(_ bytes: [UInt8], _ range: Range<Int>) throws {
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            guard case .number(let number) = value else { continue }
            switch field {
            case 3:
                guard number == 1 || number == 2 else {
                    throw fault("model_type is \(number); this version has 1 (unigram) and 2 (BPE)")
                }
                isUnigram = number == 1
            case 24 where number != 0: throw fault("treat_whitespace_as_suffix is true: this version has spaces in front")
            case 35: fallsBackToBytes = number != 0
            case 40: unknownID = Int(Int32(truncatingIfNeeded: number))
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ bytes: [UInt8], _ range: Range<Int>) throws {
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (2, .bytes(let place)): rules = Array(bytes[place])
            case (3, .number(let number)): addsSpace = number != 0
            case (4, .number(let number)): removesSpaces = number != 0
            case (5, .number(0)): throw fault("escape_whitespaces is false: this version writes spaces as U+2581")
            default: break
            }
        }
    }
}
