extension Tensor {
    /// The same values in row-major order in another shape; one dimension may be -1, which is then computed.
    public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Operator("reshape")(.tensor(self), .ints(shape))
    }

    /// The same values with the dimensions `start` through `end` joined to one, as `torch.flatten`.
    public func flattened(from start: Int = 0, through end: Int = -1) throws(TorchError) -> Tensor {
        try Operator("flatten.using_ints")(.tensor(self), .int(start), .int(end))
    }

    /// A view with the dimensions in another order: dimension i is this tensor's `order[i]`.
    public func permuted(_ order: [Int]) throws(TorchError) -> Tensor {
        try Operator("permute")(.tensor(self), .ints(order))
    }

    /// A view with two dimensions exchanged.
    public func transposed(_ first: Int, _ second: Int) throws(TorchError) -> Tensor {
        try Operator("transpose.int")(.tensor(self), .int(first), .int(second))
    }

    /// A view with one more dimension, of size 1, inserted before `dimension`; -1 puts it behind the last.
    public func unsqueezed(_ dimension: Int) throws(TorchError) -> Tensor {
        try Operator("unsqueeze")(.tensor(self), .int(dimension))
    }

    /// A view without `dimension`, where its size is 1; else the tensor as it is.
    public func squeezed(_ dimension: Int) throws(TorchError) -> Tensor {
        try Operator("squeeze.dim")(.tensor(self), .int(dimension))
    }

    /// A view of shape `shape`, in which dimensions of size 1 are repeated; -1 keeps a size.
    public func expanded(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Operator("expand")(.tensor(self), .ints(shape))
    }

    /// The same values in row-major order without gaps in memory; copied only where they are not so already.
    public func contiguous() throws(TorchError) -> Tensor { try Operator("contiguous")(.tensor(self)) }

    /// The same `[B, C, H, W]` values, channels last in memory: the layout oneDNN's convolutions are fastest in.
    public func channelsLast() throws(TorchError) -> Tensor {
        if shape.count == 4 && shape[1] == 1 {
            // With one channel both layouts are the same bytes; strides must say which is meant.
            let (height, width) = (shape[2], shape[3])
            return try contiguous().strided(shape, [height * width, 1, width, 1])
        }
        let channelsLast = 2  // c10::MemoryFormat::ChannelsLast
        return try Operator("contiguous")(.tensor(self), .int(channelsLast))
    }

    /// The elements `range` of `dimension`, as a view.
    public func slice(_ dimension: Int, _ range: Range<Int>) throws(TorchError) -> Tensor {
        try Operator("slice.Tensor")(
            .tensor(self), .int(dimension), .int(range.lowerBound), .int(range.upperBound), .int(1))
    }

    /// The element `index` of `dimension`, as a view with that dimension gone.
    public func select(_ dimension: Int, _ index: Int) throws(TorchError) -> Tensor {
        try Operator("select.int")(.tensor(self), .int(dimension), .int(index))
    }

    /// A copy moved by `places` along each of `dimensions`; what leaves at one end comes in at the other (`torch.roll`).
    public func rolled(_ places: [Int], _ dimensions: [Int]) throws(TorchError) -> Tensor {
        try Operator("roll")(.tensor(self), .ints(places), .ints(dimensions))
    }

    /// The rows at `indices`, int64 `[K]`: a copy, `[K, ...]`.
    public func rows(_ indices: Tensor) throws(TorchError) -> Tensor {
        try Operator("index_select")(.tensor(self), .int(0), .tensor(indices))
    }

    /// A view of this tensor's memory: each index times its stride, added up, is an element's place.
    func strided(_ shape: [Int], _ strides: [Int]) throws(TorchError) -> Tensor {
        try Operator("as_strided")(.tensor(self), .ints(shape), .ints(strides), .none)
    }

    /// The elements of `dimension` at `indices`, int64 `[K]`: a copy in which that dimension has size K.
    public func selected(_ dimension: Int, _ indices: Tensor) throws(TorchError) -> Tensor {
        try Operator("index_select")(.tensor(self), .int(dimension), .tensor(indices))
    }

    /// Of each row of `[B, C]` the element that int64 `[B, 1]` names: `[B, 1]`.
    public func gathered(_ indices: Tensor) throws(TorchError) -> Tensor {
        try Operator("gather")(.tensor(self), .int(1), .tensor(indices))
    }

    /// The tensors one behind the other along `dimension`; their other sizes must agree (`torch.cat`).
    public static func concatenate(_ tensors: [Tensor], _ dimension: Int) throws(TorchError) -> Tensor {
        try Operator("cat")(.tensors(tensors), .int(dimension))
    }

    /// The tensors, all of one shape, side by side along a new dimension at `dimension` (`torch.stack`).
    public static func stack(_ tensors: [Tensor], _ dimension: Int = 0) throws(TorchError) -> Tensor {
        try Operator("stack")(.tensors(tensors), .int(dimension))
    }

    /// The tensor with zeros (or `value`) around the edges: `padding` counts from the last dimension, (before, after) in turn.
    public func padded(_ padding: [Int], value: Double = 0) throws(TorchError) -> Tensor {
        try Operator("constant_pad_nd")(.tensor(self), .ints(padding), .double(value))
    }

    /// The same values as another dtype; itself where it is that already.
    public func converted(to dtype: DType) throws(TorchError) -> Tensor {
        guard dtype != self.dtype else { return self }
        return try Operator("_to_copy")(.tensor(self), .dtype(dtype))
    }

    /// The same values on `device`; itself where it lies there already.
    public func moved(to device: Device) throws(TorchError) -> Tensor {
        guard device != self.device else { return self }
        return try Operator("_to_copy")(.tensor(self), .none, .none, .device(device))
    }

    /// The same values without their history: `backward` does not go through.
    public func detached() throws(TorchError) -> Tensor { try Operator("detach")(.tensor(self)) }

    /// A copy in memory of its own, with the same values.
    public func cloned() throws(TorchError) -> Tensor { try Operator("clone")(.tensor(self)) }
}
