internal import Foundation

extension ConfigurationReader {
    /// The modalities that the document can speak of: the plain one of each kind, and those that it names under `modalities` with their kind.
    ///
    /// Where only the keys are asked for, `*` stands for whatever name, once a kind.
    var modalities: [Modality] {
        let named =
            describesAll
            ? Modality.allCases.filter(\.kind.mayBeNamed).map { $0.named("*") }
            : names(under: "modalities").compactMap { modality(called: $0) }
        return (Modality.allCases + named.filter { !$0.isPlain }).sorted()
    }

    /// The modality of that name; nil where the document does not say what it is, or says what cannot be.
    private func modality(called name: String) -> Modality? {
        if let plain = Modality(rawValue: name) { return plain }
        guard let kind = document.leaves["modalities.\(name).kind"]?.value.text.flatMap(Modality.init(rawValue:)),
            kind.kind.mayBeNamed, Self.fault(ofName: name, kind) == nil
        else { return nil }
        return kind.named(name)
    }

    /// Reads what each modality is, and reports names that cannot be.
    mutating func readModalityKinds() {
        let kinds = Modality.allCases.filter(\.kind.mayBeNamed).map(\.rawValue)
        // Beside named ones a model has to know which plain ones were asked for.
        let hasNamed = modalities.contains { !$0.isPlain }
        for name in describesAll ? ["*"] : names(under: "modalities") {
            let path = "modalities.\(name)"
            let plain = Modality(rawValue: name)
            let isGiven = document.leaves["\(path).kind"] != nil
            if plain == nil, !isGiven, !describesAll {
                refuseUnknown(name, kinds)
                continue
            }
            // A misspelt kind is a fault of its own; an unnamed modality's keys are then known by no one.
            let kind = self.name(
                "\(path).kind", plain?.rawValue ?? kinds[0], of: plain.map { [$0.rawValue] } ?? kinds,
                "What the modality is, where it is not called after its kind: so that there may be several of one.",
                records: plain == nil || hasNamed)
            guard plain == nil, !describesAll, let base = Modality(rawValue: kind) else { continue }
            if let reason = Self.fault(ofName: name, base) { fault(reason, path) }
            if modality(called: name) == nil { ignoreKeys(under: path) }
        }
    }

    /// A section that is neither called after a kind nor says which it is; a name that is nearly a kind's is most likely misspelt, and left to
    /// those who look for unknown keys.
    private mutating func refuseUnknown(_ name: String, _ kinds: [String]) {
        guard nearest(to: name, in: Modality.allCases.map(\.rawValue)) == nil else { return }
        fault(
            "is none of \(Modality.allCases.map(\.rawValue).joined(separator: ", ")); a modality of another name says which it is, for example kind: \(kinds[0])",
            "modalities.\(name)")
        ignoreKeys(under: "modalities.\(name)")
    }

    /// What is wrong with its name was said: its keys are no further faults.
    private mutating func ignoreKeys(under path: String) {
        let known = Set(keys.map(\.path))
        for key in document.leaves.keys where key.hasPrefix(path + ".") && !known.contains(key) {
            describe(key, "", schema: [:])
        }
    }

    /// Why no modality of that kind can be called so; nil where it can.
    private static func fault(ofName name: String, _ kind: Modality) -> String? {
        guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_-]*/) != nil else {
            return "a modality's name begins with a letter, and is made of letters, digits, _ and -"
        }
        let taken = Modality.allCases.flatMap(\.columns) + ModalityKind.reserved + spokenFor
        return ([name] + kind.named(name).columns).first(where: taken.contains).map {
            "\($0) means something else in manifests, models or reports; give the modality another name"
        }
    }

    /// Names that parts of models and of reports have beside those of modalities.
    private static let spokenFor = ["all", "blocks", "condition", "continual", "fused", "mixer", "norm", "votes"]
}
