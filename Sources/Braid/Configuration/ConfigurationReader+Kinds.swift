extension ConfigurationReader {
    /// Reads `path`, the name of one of the registered kinds, and then, with `own`, the keys that only this kind has.
    ///
    /// Keys of the other kinds are known too: where one is given, it is refused with the kinds that it would act with, and the schema
    /// describes them all.
    mutating func kind<Kind: Registrable, Own>(
        _ path: String, _ fallback: Kind, in registry: Registry<Kind>, _ meaning: String,
        own: (inout ConfigurationReader, Kind) -> Own
    ) -> (kind: Kind, own: Own) {
        let kinds = registry.all
        let name = name(path, fallback.name, of: kinds.map(\.name), meaning)
        let chosen = kinds.first { $0.name == name } ?? fallback
        let first = keys.count
        let value = own(&self, chosen)
        var readings = [(kind: chosen.name, keys: Array(keys[first...]))]
        for other in kinds where other.name != chosen.name {
            var probe = ConfigurationReader(document, describesAll: describesAll, allowsIdleKeys: true)
            _ = own(&probe, other)
            readings.append((other.name, probe.keys))
        }
        let order = kinds.map(\.name)
        readings.sort { (order.firstIndex(of: $0.kind) ?? 0) < (order.firstIndex(of: $1.kind) ?? 0) }
        addIdleKeys(readings, chosen: chosen.name, path)
        if describesAll { describe(readings, from: first) }
        return (chosen, value)
    }

    /// Notes the keys that the chosen kind did not read, and refuses those that are given.
    private mutating func addIdleKeys(_ readings: [(kind: String, keys: [Key])], chosen: String, _ path: String) {
        var seen = Set(readings.first { $0.kind == chosen }?.keys.map(\.path) ?? [])
        for key in readings.flatMap(\.keys) where seen.insert(key.path).inserted {
            keys.append(key)
            guard has(key.path) else { continue }
            let acting = readings.filter { $0.keys.contains { $0.path == key.path } }.map(\.kind)
            refuse(key.path, unless: false, "acts only with \(path): \(acting.joined(separator: ", "))")
        }
    }

    /// Says of a key that several kinds have what it means to each, where that differs.
    private mutating func describe(_ readings: [(kind: String, keys: [Key])], from first: Int) {
        for index in keys.indices.dropFirst(first) {
            let all = readings.flatMap { reading in reading.keys.filter { $0.path == keys[index].path }.map { (reading.kind, $0) } }
            let meanings = all.map { Self.meaning(of: $0.1) }
            guard Set(meanings).count > 1 || all.count < readings.count else { continue }
            if Set(meanings).count == 1 {
                keys[index].meaning = "\(all.map(\.0).joined(separator: ", ")): \(keys[index].meaning)"
                continue
            }
            let distinct = meanings.enumerated().filter { meanings.firstIndex(of: $1) == $0 }.map(\.element)
            let parts = distinct.map { text in
                "\(zip(all, meanings).filter { $0.1 == text }.map(\.0.0).joined(separator: ", ")): \(text)"
            }
            keys[index].meaning = parts.joined(separator: " ")
            // One schema stands for all of them.
            let choices = all.compactMap { $0.1.schema["enum"] as? [String] }.joined()
            if !choices.isEmpty {
                keys[index].schema["enum"] = choices.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            }
            if Set(all.map { "\($0.1.schema["default"] ?? "")" }).count > 1 { keys[index].schema["default"] = nil }
        }
    }

    private static func meaning(of key: Key) -> String {
        key.schema["default"].map { "\(key.meaning) Default: \($0)." } ?? key.meaning
    }
}
