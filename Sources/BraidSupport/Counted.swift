/// A count with its noun, in the singular where there is one: `1 error`, `2 errors`.
package func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// Names with commas between, of very many the first alone.
package func listed(_ names: some Collection<String>, most: Int = 50) -> String {
    names.prefix(most).joined(separator: ", ") + (names.count > most ? ", … (\(names.count))" : "")
}
