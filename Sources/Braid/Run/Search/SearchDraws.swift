/// Draws the recipes of a search: the one that was given, and others around it.
struct SearchDraws {
    /// As it acts on the manifest.
    let configuration: Configuration
    let reporter: any Reporter

    /// As many as are asked for, or as there are; no two the same.
    ///
    /// - Throws: `BraidError` where a value of the space does not fit its key, or nothing but the given recipe is left.
    func trials() throws -> [SearchTrial] {
        let settings = configuration.search
        let keys = settings.space.isEmpty ? SearchedKey.standard(configuration) : settings.space
        try check(keys)
        let given = try self.given()
        // Of `auto` it says which fusion that is.
        let type = configuration.fusion.kind.isAutomatic ? ["fusion.type": given.fusion.kind.name] : [:]
        var trials = [SearchTrial(number: 0, settings: type, configuration: given)]
        var seen: Set<String> = [given.yaml]
        var random = RandomSource(seed: UInt64(configuration.training.seed))
        var refused: [String] = []
        // A small space is soon used up.
        for _ in 0..<20 * settings.trials where trials.count < settings.trials {
            let drawn = Dictionary(uniqueKeysWithValues: keys.map { ($0.path, $0.draw(&random)) })
            do {
                let recipe = try configuration.trying(drawn)
                guard !recipe.fusion.kind.isAutomatic, seen.insert(recipe.yaml).inserted else { continue }
                let acting = Set(recipe.resolved.map(\.path))
                trials.append(
                    SearchTrial(number: trials.count, settings: drawn.filter { acting.contains($0.key) }, configuration: recipe))
            } catch let error as BraidError {
                refused.append("\(error)")
            }
        }
        if let first = refused.first { reporter.note("\(refused.count) draws do not fit together, such as: \(first)") }
        guard trials.count > 1 else {
            throw BraidError(.badConfiguration, "search.space leaves nothing to try but the configuration as it is")
        }
        return trials
    }

    /// The configuration as it is; in place of `auto` its first candidate.
    private func given() throws -> Configuration {
        let plain = try configuration.trying([:])
        guard plain.fusion.kind.isAutomatic else { return plain }
        for kind in FusionKind.fusions {
            if let able = try plain.choosing(kind) { return able }
        }
        throw BraidError(.badConfiguration, "no fusion can do what is asked; name one in fusion.type")
    }

    /// Every value by itself, so that a wrong one is found before anything is trained.
    private func check(_ keys: [SearchedKey]) throws {
        for key in keys {
            let values: [String] =
                switch key.values {
                case .choices(let choices): choices
                case .range(let range, _, let isWhole):
                    [range.lowerBound, range.upperBound].map { isWhole ? "\(Int(bounded: $0.rounded()))" : "\($0)" }
                }
            for value in values {
                do { _ = try configuration.trying([key.path: value]) } catch let error as BraidError {
                    throw BraidError(
                        .badConfiguration,
                        "\(configuration.document.file): search.space.\(key.path): \(value) cannot be tried: \(error.description)")
                }
            }
        }
    }
}
