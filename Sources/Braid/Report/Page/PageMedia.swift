internal import Foundation

/// Puts what samples consist of into a page, within what a page may weigh: pictures made small, the beginnings of recordings and texts.
final class PageMedia {
    /// What is left, in bytes.
    private var left: Int

    private static let side = 160
    private static let most = 24_000
    private static let seconds = 3
    private static let rate = 16_000
    private static let words = 240

    init(most: Int = 1_600_000) { left = most }

    func markup(_ sample: Sample) -> Markup {
        let parts = sample.media.sorted { $0.key < $1.key }.compactMap { modality, medium -> Markup? in
            switch modality.kind.presentation {
            case .picture: return picture(medium, modality, sample)
            case .words: return quotation(medium)
            case .sound: return sound(medium, modality, sample)
            case .cells:
                guard let row = try? TableRow(medium) else { return nil }
                return quoted(row.cells.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))
            case .none: return nil
            }
        }
        return parts.joined
    }

    private func quoted(_ text: String) -> Markup {
        let isLong = text.unicodeScalars.count > Self.words
        return .tag("blockquote", Markup(isLong ? String(text.prefix(Self.words)) + "…" : text))
    }

    private func quotation(_ medium: Medium) -> Markup? {
        if case .text(let text) = medium.content { return quoted(text) }
        guard let url = medium.url, let data = try? InputFile.data(url.path, most: Self.most) else { return nil }
        return quoted(String(decoding: data, as: UTF8.self))
    }

    /// The file as it is where that is small enough, else as `remade` has it; nil where nothing of it can be shown.
    private func embedded(_ medium: Medium, isShown: (Data) -> String?, remade: () throws -> (type: String, data: Data)) -> String?
    {
        var found: (type: String, data: Data)?
        if let data = small(medium), let type = isShown(data) { found = (type, data) }
        guard let file = found ?? (try? remade()), file.data.count * 4 / 3 <= left else { return nil }
        left -= file.data.count * 4 / 3
        return "data:\(file.type);base64,\(file.data.base64EncodedString())"
    }

    private func small(_ medium: Medium) -> Data? {
        // Of a stretch the file would show more.
        guard medium.start == nil, medium.end == nil else { return nil }
        guard let url = medium.url else { return (try? medium.data()).flatMap { $0.count <= Self.most ? $0 : nil } }
        return try? InputFile.data(url.path, most: Self.most)
    }

    private func picture(_ medium: Medium, _ modality: Modality, _ sample: Sample) -> Markup? {
        var isTiny = true
        let source = embedded(medium) { data in
            data.starts(with: [0x89, 0x50]) ? "image/png" : data.starts(with: [0xFF, 0xD8]) ? "image/jpeg" : nil
        } remade: {
            isTiny = false
            let image = try ImageDecoder.decode(medium) { height, width in (min(height, Self.side), min(width, Self.side)) }
            let scale = min(1, Double(Self.side) / Double(max(1, image.height, image.width)))
            let fitted = { (length: Int) in max(1, Int(bounded: (Double(length) * scale).rounded())) }
            return (
                "image/png",
                try PNGFile.data(image.resized(height: fitted(image.height), width: fitted(image.width), .bilinear))
            )
        }
        return source.map {
            .void("img", ["class": isTiny ? "small" : nil, "alt": "\(modality) of row \(Shown.name(sample.id))", "src": $0])
        }
    }

    private func sound(_ medium: Medium, _ modality: Modality, _ sample: Sample) -> Markup? {
        let types = ["wav": "wav", "flac": "flac", "mp3": "mpeg", "ogg": "ogg", "oga": "ogg", "opus": "ogg"]
        let type = medium.url.flatMap { types[$0.pathExtension.lowercased()] }
        let source = embedded(medium) { _ in
            type.map { "audio/\($0)" }
        } remade: {
            let reader = try RecordingReader(medium)
            var samples: [Float] = []
            while samples.count < Self.seconds * reader.rate, case let piece = try reader.next(), !piece.isEmpty {
                samples += piece
            }
            let clip = AudioClip(samples: Array(samples.prefix(Self.seconds * reader.rate)), rate: reader.rate)
            return ("audio/wav", WAVFile.data(reader.rate > Self.rate ? try clip.resampled(to: Self.rate) : clip))
        }
        return source.map {
            .tag(
                "audio",
                ["controls": "", "preload": "none", "aria-label": "\(modality) of row \(Shown.name(sample.id))", "src": $0])
        }
    }
}
