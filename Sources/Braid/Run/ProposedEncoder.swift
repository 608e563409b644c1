internal import Foundation

/// The weights that `braid init` proposes for a modality, and the lines that say why, and what else there is.
struct ProposedEncoder {
    let weights: String
    /// Sentences, which become comments of the configuration.
    let reasons: [String]

    /// Pictures of at most this many pixels a side hold nothing that a network for photographs could use.
    static let tinySide = 48
    private static let pictures = 8
    private static let small = "resnet10-cifar-mnist"
    private static let photographs = "efficientnet-lite0"
    private static let names: [Modality: String] = [.text: "all-MiniLM-L6-v2", .audio: "cnn10-sounds"]

    /// nil for a modality that Braid has no weights for.
    ///
    /// - Parameters:
    ///   - media: What the first rows have of the modality.
    ///   - atHand: The names that `bundled:` takes on this machine.
    init?(for modality: Modality, media: [Medium], atHand: [String]) {
        if modality == .image {
            (weights, reasons) = Self.picture(media, atHand)
            return
        }
        guard let name = Self.names[modality] else { return nil }
        weights = "bundled:\(name)"
        let missing = "bundled:\(name) is not at hand on this machine: run make weights in Braid's checkout."
        let known =
            "bundled:\(name) is small and knows instruments, drums and short speech: for other sound try larger weights too."
        reasons = (modality == .audio ? [known] : []) + (atHand.contains(name) ? [] : [missing])
    }

    static func isProposed(_ modality: Modality) -> Bool { modality == .image || names[modality] != nil }

    private static func picture(_ media: [Medium], _ atHand: [String]) -> (String, [String]) {
        let sides = media.lazy.compactMap(longSide).prefix(pictures).sorted()
        let seen = sides.count == 1 ? "The first picture is" : "The first \(sides.count) pictures are"
        if let longest = sides.last, longest <= tinySide {
            return ("bundled:\(small)", ["\(seen) at most \(longest) pixels wide and high: a small network for small pictures."])
        }
        let size = sides.last.map { "\(seen) up to \($0) pixels wide or high" } ?? "None of the first pictures could be read"
        guard atHand.contains(photographs) else {
            return (
                "bundled:\(small)",
                [
                    "\(size), but bundled:\(photographs), which knows photographs, is not at hand on this machine:",
                    "run make weights in Braid's checkout, then put it here. bundled:\(small) has seen no photographs.",
                ]
            )
        }
        return ("bundled:\(photographs)", ["\(size): a network that was trained on the photographs of ImageNet."])
    }

    /// The longer side of a picture, in pixels; nil where it cannot be read, which `braid check` reports.
    private static func longSide(_ medium: Medium) -> Int? {
        var side: Int?
        // A JPEG tells its size before it is decoded, and is then decoded as small as it can be.
        let image = try? ImageDecoder.decode(
            medium,
            atLeast: { height, width in
                side = max(height, width)
                return (1, 1)
            })
        return image.map { side ?? max($0.width, $0.height) }
    }
}
