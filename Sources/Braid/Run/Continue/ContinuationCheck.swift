internal import Foundation

/// Compares a configuration with the model that its training is to go on from, key by key.
struct ContinuationCheck {
    let earlier: EarlierModel
    /// The folder that was named: a run's, whose `config.yaml` tells what the model was made of, or only the model's.
    let run: RunFolder
    let configuration: Configuration

    /// Keys of fusion and heads that change how a model learns, and not what its weights mean.
    private static let free = [
        "dropout", "modality_dropout", "weight", "loss", "focal_gamma", "label_smoothing", "class_weights", "calibration",
    ]
    /// Keys of a modality that change what its embeddings are.
    private static let encoding = [
        "encoder", "weights", "adapter", "pooling", "prompt", "truncate_dim", "window", "overlap", "jpeg_decoding", "precision",
        "numbers", "categories", "encoding", "bins", "max_categories", "hidden",
    ]

    /// - Throws: `BraidError` with every difference that would make the earlier model's weights useless.
    func callAsFunction(_ reporter: any Reporter) throws {
        let kind = configuration.fusion.kind
        guard kind.goesOn else { throw BraidError(.badConfiguration, "init_from: \(kind.reasonNotToGoOn)") }
        var faults = modalityFaults()
        if faults.isEmpty { faults += settingFaults() + (try encoderFaults(reporter)) }
        guard faults.isEmpty else {
            let heading = Fault(
                "cannot go on from \(earlier.name): its weights mean nothing where these differ", field: "init_from")
            throw BraidError(.badConfiguration, faults: [heading] + faults)
        }
    }

    private func modalityFaults() -> [Fault] {
        let (before, now) = (Set(earlier.modalities), Set(configuration.modalities.keys))
        let gone = before.subtracting(now).sorted().map {
            Fault("the earlier model takes it: name its encoder as there, and give rows that have one", field: "modalities.\($0)")
        }
        let new = now.subtracting(before).sorted().map {
            Fault("the earlier model has no \($0): leave it out, or begin a new run with it", field: "modalities.\($0)")
        }
        return gone + new
    }

    /// Of fusion and heads, as `model.json` has them.
    private func settingFaults() -> [Fault] {
        let before = Self.relevant(earlier.settings.resolved)
        let now = Self.relevant(configuration.resolved)
        let names = Set(configuration.heads.map(\.name))
        let missing = earlier.targets.filter { !names.contains($0.name) }.map {
            Fault("the earlier model predicts it: heads may be added, and none left out", field: "heads.\($0.name)")
        }
        // Of a head that is new everything is.
        let new = names.subtracting(earlier.targets.map(\.name))
        return missing
            + Set(before.keys).union(now.keys).sorted().compactMap { key in
                let isOfOther =
                    key.hasPrefix("heads.")
                    && (new + missing.compactMap { $0.field?.dropFirst(6).description }).contains { key.hasPrefix("heads.\($0).") }
                guard before[key] != now[key], !isOfOther else { return nil }
                return Fault("\(before[key] ?? "nothing") there, \(now[key] ?? "nothing") here", field: key)
            }
    }

    private static func relevant(_ keys: [ResolvedKey]) -> [String: String] {
        let kept = keys.filter { key in
            let section = key.path.prefix { $0 != "." }
            return ["fusion", "head", "heads"].contains(section)
                && !free.contains(String(key.path.split(separator: ".").last ?? ""))
        }
        return Dictionary(kept.map { ($0.path, $0.withoutPlace.value.yaml) }) { $1 }
    }

    /// Of encoders, as the earlier run's `config.yaml` names them.
    private func encoderFaults(_ reporter: any Reporter) throws -> [Fault] {
        guard FileManager.default.fileExists(atPath: run.configuration.path) else {
            reporter.note("\(earlier.name) is a model without its run: its encoders are taken, whatever weights modalities name")
            return []
        }
        let before = try Configuration.recorded(run.configuration)
        return before.keysThatDiffer(from: configuration).compactMap { key in
            let parts = key.split(separator: ".").map(String.init)
            guard parts.count == 3, parts[0] == "modalities", Self.encoding.contains(parts[2]) else { return nil }
            // What the earlier run has made of its encoder may be named itself.
            let own = configuration.modalities.keys.named(parts[1]).map { earlier.encoder($0).standardizedFileURL.path }
            if parts[2] == "weights", let own, configuration.weightsPath(parts[1]) == own { return nil }
            return Fault("\(before.text(of: key)) there, \(configuration.text(of: key)) here", field: key)
        }
    }
}

extension Configuration {
    /// The full path of a modality's weights, where they are a file or folder.
    fileprivate func weightsPath(_ modality: String) -> String? {
        modalities.keys.named(modality).flatMap { modalities[$0] }.map {
            Paths.resolve($0.weights, in: folder).standardizedFileURL.path
        }
    }
}

extension FusionKind {
    /// Whether a training can go on from a model of this fusion, with its values.
    var goesOn: Bool { making == .trained || keepsStatistics }

    /// Why not.
    var reasonNotToGoOn: String {
        making == .ensembled
            ? "fusion.type: \(name) is several models in one, none of which can be gone on from; begin with a single fusion"
            : "fusion.type: \(name) is computed anew from the rows at hand, so that nothing that it has learnt before would be left; take a fusion that is trained, or \(FusionKind.registry.all.filter(\.keepsStatistics).map(\.name).joined(separator: ", ")), which adds new rows to its statistics"
    }
}
