/// Where a WAV, W64, AIFF, CAF or AU file says that its samples lie, and how many bytes they take.
///
/// libsndfile makes do with what there is, so that a file cut in its middle looks like a short one. What it reads besides (FLAC and
/// others) it compares by itself.
struct SampleChunk {
    /// Where the samples begin.
    let start: Int
    /// The bytes they take, by the header.
    let size: Int
    /// Where that size is written, and in how many bytes.
    let sizeField: Range<Int>
    let form: ChunkForm

    /// Compares what the header promises with what there is. A size of 0 with samples behind it, which a recorder leaves that did not come to
    /// its end, is read as all there is.
    ///
    /// - Throws: `DecodeError` where bytes are missing, or lie behind the samples without being a chunk.
    static func check(_ bytes: SoundBytes) throws {
        guard let chunk = find(bytes) else { return }
        let there = bytes.count - chunk.start
        // Written in advance by who could not come back: a stream, whose length nobody knew.
        let isEndless = chunk.size < 0 || chunk.sizeField.count == 4 && chunk.size >= 0x7FFF_F000
        guard !isEndless, there > 0 else { return }
        if chunk.size > there {
            throw bytes.damage(
                "is cut short: its header promises \(chunk.size) bytes of samples, and there are \(there); get the whole file, or save it anew"
            )
        }
        guard !chunk.isFollowedByChunk(bytes) else { return }
        if chunk.size == 0 {
            bytes.replace(chunk.form.sizeBytes(there, chunk.sizeField.count), at: chunk.sizeField.lowerBound)
        } else if there - chunk.size > max(chunk.size / 100, 512) {
            throw bytes.damage(
                "is damaged: its header promises \(chunk.size) bytes of samples, and behind them \(there - chunk.size) are no chunk of it"
            )
        }
    }

    /// The chunk of samples; nil where the bytes have another form, or none of it.
    private static func find(_ bytes: SoundBytes) -> SampleChunk? {
        guard let form = ChunkForm(bytes) else { return nil }
        if form.kind == .au {
            let (start, size) = (form.number(bytes, 4, 4), form.number(bytes, 8, 4))
            return SampleChunk(start: start, size: size, sizeField: 8..<12, form: form)
        }
        var place = form.firstChunk
        var longSize: Int?
        // Chunks of no size would keep one here as long as there are bytes.
        for _ in 0..<10_000 {
            let head = bytes.bytes(at: place, form.chunkHeader)
            guard head.count == form.chunkHeader else { return nil }
            let sizeField = place + form.idBytes..<place + form.chunkHeader
            let written = form.number(bytes, sizeField.lowerBound, sizeField.count)
            let start = place + form.chunkHeader
            let size = form.kind == .w64 ? written - form.chunkHeader : written
            let name = head.prefix(4)
            if name == form.samples {
                let isLong = size == 0xFFFF_FFFF
                return SampleChunk(start: start, size: isLong ? longSize ?? -1 : size, sizeField: sizeField, form: form)
            }
            if name == ArraySlice("ds64".utf8) { longSize = form.number(bytes, start + 8, 8) }
            guard size >= 0, size <= bytes.count - start else { return nil }
            place = start + form.padded(size)
        }
        return nil
    }

    /// Whether the next thing behind the samples looks like a chunk, or there is nothing but zeros and a few bytes.
    private func isFollowedByChunk(_ bytes: SoundBytes) -> Bool {
        guard form.kind != .au else { return false }
        let next = start + form.padded(size)
        let head = bytes.bytes(at: next, form.chunkHeader)
        guard head.count == form.chunkHeader else { return size > 0 }
        if size > 0, head.allSatisfy({ $0 == 0 }) { return true }
        let length = form.number(bytes, next + form.idBytes, form.chunkHeader - form.idBytes)
        let isNamed = head.prefix(4).allSatisfy { (0x20..<0x7F).contains($0) }
        return isNamed && (0...bytes.count - next).contains(length)
    }
}

/// How a file is made of chunks: a name, a size and that many bytes.
struct ChunkForm {
    enum Kind { case riff, w64, aiff, caf, au }

    let kind: Kind
    let isBigEndian: Bool
    let idBytes: Int
    let chunkHeader: Int
    let firstChunk: Int
    /// What the chunk of the samples is called.
    let samples: ArraySlice<UInt8>

    /// nil where the bytes begin otherwise.
    init?(_ bytes: SoundBytes) {
        samples = ArraySlice((String(decoding: bytes.bytes(at: 0, 4), as: UTF8.self) == "FORM" ? "SSND" : "data").utf8)
        switch String(decoding: bytes.bytes(at: 0, 4), as: UTF8.self) {
        case "RIFF", "RF64", "BW64": (kind, isBigEndian, idBytes, chunkHeader, firstChunk) = (.riff, false, 4, 8, 12)
        case "RIFX": (kind, isBigEndian, idBytes, chunkHeader, firstChunk) = (.riff, true, 4, 8, 12)
        case "FORM": (kind, isBigEndian, idBytes, chunkHeader, firstChunk) = (.aiff, true, 4, 8, 12)
        case "caff": (kind, isBigEndian, idBytes, chunkHeader, firstChunk) = (.caf, true, 4, 12, 8)
        case "riff": (kind, isBigEndian, idBytes, chunkHeader, firstChunk) = (.w64, false, 16, 24, 40)
        case ".snd": (kind, isBigEndian, idBytes, chunkHeader, firstChunk) = (.au, true, 0, 0, 0)
        case "dns.": (kind, isBigEndian, idBytes, chunkHeader, firstChunk) = (.au, false, 0, 0, 0)
        default: return nil
        }
    }

    /// The size with what fills it up to where the next chunk may begin.
    func padded(_ size: Int) -> Int {
        let unit = kind == .w64 ? 8 : kind == .caf ? 1 : 2
        return (size + unit - 1) / unit * unit
    }

    /// A whole number of 4 or 8 bytes; -1 where it is larger than any file, or the bytes end before.
    func number(_ bytes: SoundBytes, _ offset: Int, _ width: Int) -> Int {
        let digits = bytes.bytes(at: offset, width)
        guard digits.count == width else { return -1 }
        return Int(exactly: (isBigEndian ? digits : digits.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) ?? -1
    }

    /// A size as the file writes it, of samples of so many bytes.
    func sizeBytes(_ samples: Int, _ width: Int) -> [UInt8] {
        let size = kind == .w64 ? samples + chunkHeader : samples
        let digits = (0..<width).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
        return isBigEndian ? digits.reversed() : digits
    }
}
