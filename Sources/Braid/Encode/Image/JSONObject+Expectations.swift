extension JSONObject {
    /// Refuses what a timm `config.json` says that changes the network and is not done here.
    ///
    /// - Parameter besides: Keys of `model_args` that the architecture reads.
    func expectPlainTimm(besides known: Set<String> = []) throws {
        try expect("global_pool", "avg")
        for key in try object("model_args").fields.keys.sorted() where !known.contains(key) {
            throw fault("model_args.\(key) changes the network in a way that is not known here")
        }
    }

    /// Refuses another value than the one there is code for; an absent one is fine.
    func expect(_ name: String, _ value: String) throws {
        guard has(name) else { return }
        let found = try string(name)
        guard found == value else { throw fault("\(name) is \(found); this version has \(value)") }
    }

    func expect(_ name: String, _ values: [Int]) throws {
        guard has(name) else { return }
        let found = try ints(name)
        guard found == values else { throw fault("\(name) is \(found); this version has \(values)") }
    }
}
