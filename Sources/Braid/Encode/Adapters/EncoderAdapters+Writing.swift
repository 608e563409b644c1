internal import Foundation
internal import Torch

extension EncoderAdapters {
    /// Writes what was trained as PEFT's `save_pretrained` does: what `PeftModel.from_pretrained` puts on top of the same base.
    ///
    /// - Parameters:
    ///   - entries: The encoder's, of which the adapters' are written.
    ///   - url: The folder, which is made.
    ///   - base: What the base is called: of a model on a hub its id, else whatever the configuration says.
    func write(_ entries: [ParameterStore.Entry], to url: URL, base: String) throws {
        guard let plan else { return }
        try FileFault.makeFolder(url)
        let tensors = entries.filter { $0.role == .adapter }.map { entry in
            let part = AdapterFolder.partNames.first { entry.path.hasSuffix(".\($0)") } ?? ""
            return ("base_model.model.\(name(String(entry.path.dropLast(part.count + 1)))).\(part)", entry.tensor)
        }
        try SafetensorsWriter.write(tensors, to: url.appendingPathComponent("adapter_model.safetensors"))
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let fields = fields(plan).merging(Self.named(base)) { $1 }
        try AtomicFile.write(
            JSONSerialization.data(withJSONObject: fields, options: options),
            to: url.appendingPathComponent(AdapterFolder.configName))
    }

    /// The fields that name the base; a revision stands by itself there.
    private static func named(_ base: String) -> [String: Any] {
        let parts = WeightsFolder.repository(base) == nil ? [base[...]] : base.split(separator: "@", maxSplits: 1)
        return [
            "base_model_name_or_path": String(parts[0]), "revision": parts.count > 1 ? String(parts[1]) as Any : NSNull(),
        ]
    }

    private func fields(_ plan: AdapterPlan) -> [String: Any] {
        let adapted = plan.adapted.map { name($0.path) }
        let others = plan.sites.filter { site in !plan.adapted.contains(site) }.map { name($0.path) }
        var fields: [String: Any] = [
            "task_type": NSNull(), "auto_mapping": NSNull(), "inference_mode": true, "modules_to_save": NSNull(),
            "fan_in_fan_out": plan.adapted.contains(where: \.isTransposed), "target_modules": Self.pattern(adapted, others),
        ]
        switch plan.method {
        case .scaling:
            let feeds = plan.adapted.filter { plan.side($0) == .input }.map { name($0.path) }
            fields["peft_type"] = "IA3"
            fields["init_ia3_weights"] = true
            fields["feedforward_modules"] = feeds.isEmpty ? [] : Self.pattern(feeds, adapted.filter { !feeds.contains($0) })
        case .lowRank(let rank):
            fields["peft_type"] = "LORA"
            fields["r"] = rank.rank
            fields["lora_alpha"] = rank.alpha == rank.alpha.rounded() ? Int(rank.alpha) as Any : rank.alpha
            fields["lora_dropout"] = rank.dropout
            fields["use_rslora"] = rank.isRankStabilized
            fields["use_dora"] = rank.isDecomposed
            fields["bias"] = "none"
            fields["init_lora_weights"] = true
            for name in ["rank_pattern", "alpha_pattern"] { fields[name] = [String: Any]() }
        }
        return fields
    }

    /// The layers' whole names; as one regular expression where PEFT, which compares ends, would take others for them.
    private static func pattern(_ names: [String], _ others: [String]) -> Any {
        guard others.contains(where: { other in names.contains(where: other.hasSuffix) }) else { return names }
        return "(" + names.map { $0.replacingOccurrences(of: ".", with: "\\.") }.joined(separator: "|") + ")"
    }
}
