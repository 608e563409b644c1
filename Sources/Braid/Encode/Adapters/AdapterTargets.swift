internal import Torch

/// Which layers of an architecture adapters adapt where nothing is said: ends of layers' paths, as the encoder names them.
public struct AdapterTargets: Sendable {
    /// Of LoRA; nil for every linear layer and ungrouped convolution.
    let lowRank: [String]?
    /// Of IA³; nil likewise.
    let scaled: [String]?
    /// Those of IA³'s whose input is scaled, and not their output.
    let scaledInputs: [String]

    /// Every linear layer and ungrouped convolution.
    public static let every = AdapterTargets(lowRank: nil, scaled: nil)

    /// Targets by the ends of their paths.
    ///
    /// - Parameters:
    ///   - lowRank: LoRA's; nil for every linear layer and ungrouped convolution.
    ///   - scaled: IA³'s; nil likewise.
    ///   - scaledInputs: Those of IA³'s whose input is scaled, and not their output.
    public init(lowRank: [String]?, scaled: [String]?, scaledInputs: [String] = []) {
        (self.lowRank, self.scaled, self.scaledInputs) = (lowRank, scaled, scaledInputs)
    }

    /// Where IA³ scales the layer; nil where it does not.
    func side(_ path: String) -> AdapterSide? {
        guard scaled.map({ Self.ends(path, $0) }) ?? true else { return nil }
        return Self.ends(path, scaledInputs) ? .input : .output
    }

    /// Whether `path` is one of `names`, or ends in one from a dot on: PEFT's rule.
    static func ends(_ path: String, _ names: [String]) -> Bool { names.contains { path == $0 || path.hasSuffix(".\($0)") } }
}
