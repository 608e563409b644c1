/// A count with its noun, in the singular where there is one: `1 error`, `2 errors`.
package func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
