/// The objects that a pickle keeps for later, by the numbers it gives them.
///
/// Numbers count up in every pickle that torch.save writes: a list holds them. Others lie in a dictionary.
struct PickleMemo {
    private var list: [PickleValue] = []
    private var others: [Int: PickleValue] = [:]

    var count: Int { list.count + others.count }

    /// Keeps `value` under the next number, as MEMOIZE does.
    mutating func append(_ value: PickleValue) { self[count] = value }

    subscript(index: Int) -> PickleValue? {
        get { list.indices.contains(index) ? list[index] : others[index] }
        set {
            guard let newValue else { return }
            if list.indices.contains(index) {
                list[index] = newValue
            } else if index == list.count, others.isEmpty {
                list.append(newValue)
            } else {
                others[index] = newValue
            }
        }
    }
}
