internal import Foundation

extension JSONObject {
    /// Refuses what a timm `config.json` says that changes the network and is not done here. Arguments at their defaults, and those of the
    /// classifier, which is left out, change nothing.
    ///
    /// - Parameter besides: Keys of `model_args` that the architecture reads; `global_pool` is then read at the top as well.
    func expectPlainTimm(besides known: Set<String> = []) throws {
        if !known.contains("global_pool") { try expect("global_pool", "avg") }
        let arguments = try object("model_args").fields
        for (key, value) in arguments.sorted(by: { $0.key < $1.key }) where !known.contains(key) && !Self.isDefault(key, value) {
            throw fault("model_args.\(key) changes the network in a way that is not known here")
        }
    }

    private static func isDefault(_ key: String, _ value: Any) -> Bool {
        switch (key, value) {
        case (_, is NSNull), ("num_classes", _), ("pretrained", _), ("checkpoint_path", _): true
        case ("global_pool", let text as String): text == "avg"
        case ("in_chans", let number as NSNumber): number == 3
        case ("output_stride", let number as NSNumber): number == 32
        case ("drop_rate", let number as NSNumber), ("drop_path_rate", let number as NSNumber),
            ("drop_block_rate", let number as NSNumber):
            number == 0
        default: false
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
