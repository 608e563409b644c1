internal import Foundation
internal import Torch

/// The adapters of one encoder: which layers have them, what these layers are called elsewhere, and PEFT's files.
final class EncoderAdapters {
    /// What the encoder's store asks.
    private(set) var plan: AdapterPlan?
    /// The adapter that was given; nil where it begins anew.
    let folder: AdapterFolder?
    /// The layout of the encoder's weights; nil where layers are called as they are here. Set before the encoder is built.
    var layout: KeyMap?
    private let layouts: [KeyMap]
    /// Layers of the given adapter by their paths here.
    private var given: [String: String] = [:]
    private let settings: EncoderSettings
    private let place: String

    /// - Parameters:
    ///   - settings: What is asked of the encoder.
    ///   - folder: The adapter that is put on top of its weights.
    ///   - layouts: What other projects call the parameters of the architecture.
    ///   - targets: Which layers the architecture wants adapted where nothing is said.
    /// - Throws: `BraidError` where the adapter is another than what is to be trained.
    init(
        _ settings: EncoderSettings, folder: URL?, layouts: [KeyMap], targets: AdapterTargets, _ modality: Modality
    ) throws {
        self.settings = settings
        self.layouts = layouts
        place = "modalities.\(modality)"
        self.folder = try folder.map(AdapterFolder.init)
        if let folder = self.folder {
            plan = try plan(of: folder)
        } else {
            switch settings.train {
            case .lora(let rank, let names):
                plan = AdapterPlan(.lowRank(rank)) { [weak self] site in
                    guard let self else { return nil }
                    let wanted = names.isEmpty ? targets.lowRank : names
                    let isWanted = wanted.map {
                        AdapterTargets.ends(site.path, $0) || AdapterTargets.ends(self.name(site.path), $0)
                    }
                    return isWanted ?? true ? .output : nil
                }
            case .ia3: plan = AdapterPlan(.scaling) { targets.side($0.path) }
            default: break
            }
        }
    }

    /// A given adapter: trained on, or else folded into the weights.
    private func plan(of folder: AdapterFolder) throws -> AdapterPlan {
        for layer in folder.layers {
            for path in [layer] + layouts.compactMap({ $0.path(ofLayer: layer) }) { given[path] = layer }
        }
        var method = folder.method
        switch (settings.train, folder.method) {
        case (.lora(let asked, let names), .lowRank(let found)):
            let plain = LowRank(rank: found.rank, dropout: asked.dropout)
            let same = LowRank(
                rank: found.rank, alpha: found.alpha, dropout: asked.dropout, isRankStabilized: found.isRankStabilized,
                isDecomposed: found.isDecomposed)
            guard names.isEmpty, asked == plain || asked == same else {
                throw BraidError(
                    .badConfiguration,
                    "\(place).train: lora:\(asked.rank) goes on from \(folder.url.path), which says rank (\(found.rank)), alpha, targets, rslora and dora; set lora:\(found.rank), and leave the others out"
                )
            }
            method = .lowRank(same)
        case (.lora, .scaling), (.ia3, .lowRank):
            throw BraidError(
                .badConfiguration,
                "\(place).train: \(settings.train.text) cannot go on from \(folder.url.path), an adapter of another kind; merge it first (braid merge, or peft's merge_and_unload)"
            )
        default: break
        }
        return AdapterPlan(
            method, merges: !settings.train.isAdapter, file: folder.path,
            value: { [weak self] path in
                guard let self, let part = AdapterFolder.partNames.first(where: { path.hasSuffix(".\($0)") }) else { return nil }
                return try self.given[String(path.dropLast(part.count + 1))].flatMap { try folder.tensor($0, part) }
            },
            side: { [weak self] site in self?.given[site.path].map { folder.side($0) } })
    }

    /// What the weights' own project calls the layer at `path`.
    func name(_ path: String) -> String { layout?.name(ofLayer: path) ?? path }

    /// Whether the weights that the store has are no longer those of the encoder's file.
    var isMerged: Bool { plan?.merges ?? false }

    /// - Throws: `BraidError` where a target is no layer, or a given adapter adapts what the encoder does not have.
    func check() throws {
        guard let plan else { return }
        let sites = plan.sites.filter { $0.groups == 1 }
        let known = sites.map { name($0.path) }
        if let folder {
            let taken = Set(plan.adapted.compactMap { given[$0.path] })
            let strange = folder.layers.filter { !taken.contains($0) }
            guard strange.isEmpty else {
                throw BraidError(
                    .badData,
                    "\(folder.url.path): adapts \(strange.prefix(3).joined(separator: ", ")), which \(place) does not have; is it of another model?"
                )
            }
        }
        guard !plan.adapted.isEmpty else {
            throw BraidError(
                .badConfiguration,
                "\(place): no layer is adapted; of its layers can be \(known.prefix(8).joined(separator: ", "))\(known.count > 8 ? ", …" : "")"
            )
        }
        guard case .lora(_, let names) = settings.train else { return }
        for target in names where !plan.adapted.contains(where: { matches($0, target) }) {
            let near = nearest(to: target, in: Set(known.flatMap(Self.endings))).map { "; did you mean \($0)?" } ?? ""
            throw BraidError(.badConfiguration, "\(place).lora_targets: no layer's name ends in \(target)\(near)")
        }
    }

    private func matches(_ site: AdapterSite, _ target: String) -> Bool {
        AdapterTargets.ends(site.path, [target]) || AdapterTargets.ends(name(site.path), [target])
    }

    private static func endings(_ name: String) -> [String] {
        let parts = name.split(separator: ".")
        return (1...max(1, min(2, parts.count))).map { parts.suffix($0).joined(separator: ".") }
    }
}
